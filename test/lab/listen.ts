import test from 'ava';
import { eventually } from '../support/eventually.ts';
import { processesOf } from '../support/lab-parts.ts';
import { shareLab } from '../support/shared-lab.ts';

const privateLab = shareLab(test);

test('a server that cannot listen leaves no process behind', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using server = await lab.listen('half-open');
  const { port } = server.endpoint;
  await t.throwsAsync(lab.listen({ behaviour: 'hands-over-listener', port }), { code: 'EADDRINUSE' });
  await eventually('the end of its worker', async () => {
    const workers = (await processesOf(lab)).filter(({ commandLine }) => /takes-over/.test(commandLine));
    return workers.length === 0 ? true : undefined;
  });
  t.pass();
});
