import test from 'ava';
import type { Coverage, TcpState } from '../../harness/index.ts';
import { finwait } from '../support/finwait.ts';
import { requireCapability } from '../support/require.ts';
import { reasonAgainst } from '../support/shared-lab.ts';

test('coverage proves every state and arrow by a frame and by ss, and counts them', async (t) => {
  if (!requireCapability(t, 'lab', await reasonAgainst('private'))) return;
  const { exitCode, stdout, stderr } = await finwait(['coverage', '--quick', '--json']);
  const { states, arrows, unreachable, unmet } = JSON.parse(stdout) as Coverage;
  t.deepEqual(unmet, [], stderr);
  t.is(exitCode, 0);
  t.deepEqual([states.length, arrows.length, unreachable.length], [11, 36, 1]);
  for (const { from, to, words, proof } of arrows) {
    t.regex(proof?.wire ?? '', /#\d+ (client|server) |^no segment/, `${from} ${words}`);
    const shown = (state: TcpState): string => (state === 'CLOSED' ? '(CLOSED|not listed)' : state);
    const seen =
      from === to ? `^${from}( before and after|, timer )` : `^${shown(from)}\\b.*\\b${shown(to)}\\b`;
    t.regex(proof?.ss ?? '', new RegExp(seen, 'u'), `${from} ${words}`);
  }
  // Whatever else has a remark was not seen in whole.
  const remarks = arrows.flatMap(({ event, proof }) =>
    proof?.remark === undefined ? [] : [[event, proof.remark]],
  );
  t.deepEqual(remarks, [['2MSL', 'killed by ss -K, not by time']]);
});
