import type { Connection, Timeline } from '../model/connection.ts';
import type { Damage, EvidenceQuality } from '../model/evidence.ts';
import type { Lane } from '../model/observation.ts';
import type { Verdict } from '../model/verdict.ts';
import { describeExpectation } from './describe-expectation.ts';
import type { Expectation } from './expectation.ts';
import { judgeFlow } from './judge-flow.ts';
import { judgeNothingLeftOpen, judgeStates } from './judge-kernel.ts';
import { judgeProgram } from './judge-program.ts';
import { judgeReset } from './judge-reset.ts';
import { judgeSegmentExpectation } from './judge-single-segments.ts';
import { judgeHalfClose, judgeHandshake, judgeOrderlyClose, judgeRefused } from './judge-wire.ts';
import type { Judgement } from './shortfall.ts';

/**
 * Holds one connection of a timeline against an expectation.
 * `met` takes whole evidence; with damage in a lane that the expectation needs, only something that was *seen* can
 * still violate it, and everything else is `undetermined`.
 * @param connection the one to judge; undefined when the run shows none
 */
export function judge(
  timeline: Timeline,
  connection: Connection | undefined,
  expectation: Expectation,
): Verdict {
  const title = describeExpectation(expectation);
  // The kernel closed a dead peer's sockets in its place: what the wire shows is not what the program did. And where
  // it is not known what arrived, nothing that was seen proves anything.
  const lost = timeline.evidence.damage.find(
    ({ kind }) => kind === 'reports-lost' || kind === 'fault-uncertain',
  );
  if (lost !== undefined) return undetermined(title, lost.detail);
  if (connection === undefined) return judgeNothing(title, timeline.evidence, expectation);
  const { needs, shortfalls, proof } = judgementOf(timeline, connection, expectation);
  const damage = damageTo(needs, timeline.evidence);
  const mismatches = shortfalls
    .filter(({ basis }) => basis === 'seen' || (basis === 'absent' && damage.length === 0))
    .map(({ mismatch }) => mismatch);
  const [first] = mismatches;
  if (first !== undefined) return { title, status: 'violated', reason: first.observed, mismatches };
  const unobserved = shortfalls.find(({ basis }) => basis === 'unobserved');
  if (damage.length > 0) return undetermined(title, damage.map(({ detail }) => detail).join('; '));
  if (unobserved !== undefined) return undetermined(title, unobserved.mismatch.observed);
  return { title, status: 'met', reason: proof, mismatches: [] };
}

function judgementOf(timeline: Timeline, connection: Connection, expectation: Expectation): Judgement {
  switch (expectation.kind) {
    case 'handshake':
      return judgeHandshake(connection);
    case 'orderly close':
      return judgeOrderlyClose(connection, expectation);
    case 'half-close':
      return judgeHalfClose(connection, expectation);
    case 'reset':
      return judgeReset(connection, expectation);
    case 'refused':
      return judgeRefused(connection);
    case 'states':
      return judgeStates(connection, expectation);
    case 'nothing left open':
      return judgeNothingLeftOpen(connection);
    case 'segments':
    case 'in order':
    case 'nothing after':
    case 'elapsed':
    case 'retransmitted':
      return judgeSegmentExpectation(connection, expectation);
    case 'simultaneous open':
    case 'simultaneous close':
    case 'unanswered':
    case 'abandoned':
    case 'data after FIN':
    case 'zero window':
    case 'probes':
    case 'connections':
      return judgeFlow(timeline, connection, expectation);
    case 'event':
    case 'left in':
      return judgeProgram(connection, expectation);
    default:
      throw new TypeError(`Unknown kind of expectation: ${JSON.stringify(expectation)}`);
  }
}

function judgeNothing(title: string, evidence: EvidenceQuality, expectation: Expectation): Verdict {
  const damage = damageTo(['wire'], evidence);
  if (damage.length > 0) return undetermined(title, damage.map(({ detail }) => detail).join('; '));
  const observed = 'no segment of such a connection';
  if (expectation.kind === 'connections' && expectation.times.min === 0) {
    return { title, status: 'met', reason: observed, mismatches: [] };
  }
  return { title, status: 'violated', reason: observed, mismatches: [{ expected: title, observed }] };
}

/** Neither met nor violated, and why nobody can say. */
export function undetermined(title: string, reason: string): Verdict {
  return { title, status: 'undetermined', reason, mismatches: [] };
}

/** The damage that keeps these lanes from proving anything. Judging reads the stream, not the file that was saved. */
export function damageTo(lanes: readonly Lane[], { damage }: EvidenceQuality): readonly Damage[] {
  return damage.filter(({ lane, kind }) => lanes.includes(lane) && kind !== 'file-incomplete');
}
