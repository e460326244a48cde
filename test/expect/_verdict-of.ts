import type { Expectation } from '../../harness/expect/expectation.ts';
import { judge } from '../../harness/expect/judge.ts';
import type { Damage } from '../../harness/model/evidence.ts';
import type { Verdict } from '../../harness/model/verdict.ts';
import { type RunOptions, timelineOf } from '../support/segment-script.ts';

/** Holds the first connection of a script against an expectation. */
export function verdictOf(
  expectation: Expectation,
  lines: readonly string[],
  options: RunOptions = {},
): Verdict {
  const timeline = timelineOf(lines, options);
  return judge(timeline, timeline.connections[0], expectation);
}

/** Every way in which evidence is damaged. A file that could not be saved damages no stream that is judged live. */
export const DAMAGE: readonly Damage[] = [
  { lane: 'wire', kind: 'kernel-drops', detail: 'the kernel dropped 3 packets' },
  { lane: 'wire', kind: 'capture-ended', detail: 'tcpdump ended by itself' },
  { lane: 'wire', kind: 'undecodable', detail: '2 packets could not be decoded' },
  { lane: 'wire', kind: 'lane-missing', detail: 'no capture' },
  { lane: 'kernel', kind: 'sampling-failed', detail: 'ss failed once' },
  { lane: 'kernel', kind: 'lane-missing', detail: 'no ss' },
  { lane: 'node', kind: 'reports-lost', detail: 'the client ended' },
  { lane: 'node', kind: 'lane-missing', detail: 'no instrumentation' },
];

export const DROPS: readonly Damage[] = DAMAGE.slice(0, 1);
