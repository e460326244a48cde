/** When a wait for a state is over, and when it is not. */
import test from 'ava';
import { shareLab } from '../support/shared-lab.ts';

const privateLab = shareLab(test);

test('a client that has not been told to connect is not CLOSED', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: 'nobody', client: 'refused' });
  let isMet = false;
  const closed = pair.until({ states: { client: 'CLOSED' } }).then(() => {
    isMet = true;
  });
  // Answered behind what the wait has asked.
  await pair.sample();
  await pair.sample();
  t.false(isMet);
  await pair.client.connect();
  await closed;
});

test('CLOSED comes behind TIME-WAIT, and nothing else does', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: 'auto-end', client: 'half-close' });
  await pair.client.connect();
  await pair.until({ events: [{ side: 'server', name: 'connection' }] });
  await pair.client.end();
  await pair.until({ acknowledged: ['client', 'server'], states: { client: 'TIME-WAIT' } });
  const isOver = { code: 'ERR_FINWAIT_TIMEOUT', message: /cannot come any more/ };
  const days = { timeoutMs: 60_000 };
  await t.throwsAsync(pair.until({ states: { client: 'FIN-WAIT-2' } }, days), isOver);
  await t.throwsAsync(pair.until({ states: { client: 'CLOSED', server: 'LAST-ACK' } }, days), isOver);
  const closed = pair.until({ states: { client: 'CLOSED' } }, days);
  await pair.sample();
  await pair.sample();
  await pair.killSocket('client');
  await closed;
});
