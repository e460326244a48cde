import test from 'ava';
import type { Coverage } from '../../harness/index.ts';
import { finwait } from '../support/finwait.ts';
import { requireCapability } from '../support/require.ts';
import { reasonAgainst } from '../support/shared-lab.ts';

test('coverage proves every state and arrow by a frame and by ss, and counts them', async (t) => {
  if (!requireCapability(t, 'lab', await reasonAgainst('private'))) return;
  const { exitCode, stdout, stderr } = await finwait(['coverage', '--quick', '--json']);
  const { states, arrows, unmet } = JSON.parse(stdout) as Coverage;
  t.deepEqual(unmet, [], stderr);
  t.is(exitCode, 0);
  t.deepEqual([states.length, arrows.length], [11, 31]);
  for (const { from, words, proof } of arrows) {
    t.regex(proof?.wire ?? '', /#\d+ (client|server) |^no segment/, `${from} ${words}`);
    t.regex(proof?.ss ?? '', /[A-Z-]{6,}/, `${from} ${words}`);
  }
  t.is(arrows.find(({ event }) => event === '2MSL')?.proof?.remark, 'killed by ss -K, not by time');
});
