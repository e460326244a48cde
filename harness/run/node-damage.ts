import type { Damage } from '../model/evidence.ts';
import type { RunState } from '../model/run-report.ts';
import type { Silence } from '../model/socket-life.ts';
import type { NodeLane } from './node-lane.ts';

const SILENT: readonly (readonly [why: Silence | undefined, detail: string])[] = [
  [undefined, 'ended by a signal: their last few ms may be missing'],
  ['worker terminated', 'were workers, and were terminated: their last few ms may be missing'],
  [
    'worker terminated or process killed',
    'were workers, and were terminated or ended by a signal with their process: their last few ms may be missing',
  ],
  [
    'record broke off',
    'left no last words though no signal ended them (the descriptor was closed, execve(), reallyExit()): what came ' +
      'after their last event is not known',
  ],
];

const WHY_UNOBSERVED =
  'given an env without NODE_OPTIONS and FINWAIT_RECORD_DIR ({ ...process.env, … } has them), or over before they ' +
  'could be watched';

/** What the node lane of a run is known to lack. */
export function nodeDamage({ threads, unobservedWorkers }: NodeLane, state: RunState): Damage[] {
  const damage: Damage[] = [];
  if (threads.length === 0)
    damage.push({ lane: 'node', kind: 'lane-missing', detail: 'no Node process left a record' });
  const silent = threads.filter(({ ended }) => !ended);
  for (const [why, detail] of SILENT) {
    const count = silent.filter(({ silence }) => silence === why).length;
    if (count === 0) continue;
    damage.push({
      lane: 'node',
      kind: 'reports-lost',
      detail: `${count} of ${threads.length} threads ${detail}`,
    });
  }
  const runOn = new Set(silent.filter(({ silence }) => silence === 'still running').map(({ pid }) => pid));
  if (runOn.size > 0 && state !== 'running') {
    const when = state === 'ended' ? 'when the run ended' : 'when this was read';
    const detail = `process ${[...runOn].join(', ')} still running ${when}: its later packets were not captured`;
    damage.push({ lane: 'wire', kind: 'capture-ended', detail });
  }
  const leftOut = threads.reduce((sum, each) => sum + each.leftOut.sockets, 0);
  if (leftOut > 0) {
    const detail = `${leftOut} sockets were left out of records that had reached their limit`;
    damage.push({ lane: 'node', kind: 'reports-lost', detail });
  }
  if (unobservedWorkers.length > 0) {
    const pids = [...new Set(unobservedWorkers.map(({ pid }) => pid))].join(', ');
    const all = unobservedWorkers.length + threads.filter(({ threadId }) => threadId !== 0).length;
    const detail = `${unobservedWorkers.length} of ${all} workers (process ${pids}) left no record: ${WHY_UNOBSERVED}`;
    damage.push({ lane: 'node', kind: 'lane-missing', detail });
  }
  return damage;
}
