import type { Connection, Side } from '../model/connection.ts';
import type { TcpState } from '../model/tcp-state.ts';
import type { Judgement, Shortfall } from './shortfall.ts';

const KERNEL = ['kernel'] as const;
/** That a state was not reached at all is read off the segments. */
const KERNEL_AND_WIRE = ['kernel', 'wire'] as const;
const SIDES = ['client', 'server'] as const;

export function judgeStates(
  connection: Connection,
  { side, states }: { readonly side: Side; readonly states: readonly TcpState[] },
): Judgement {
  const observed = connection.observedStates.filter((seen) => seen.side === side);
  const sequence = observed.map(({ state }) => state);
  const shortfalls: Shortfall[] = [];
  if (states.length === 0) {
    const mismatch = { expected: 'a state', observed: 'the expectation names no state' };
    shortfalls.push({ basis: 'unobserved', mismatch });
  }
  let next = 0;
  for (const wanted of states) {
    const at = sequence.indexOf(wanted, next);
    if (at === -1) {
      shortfalls.push(missingState(connection, side, wanted, sequence));
      break;
    }
    next = at + 1;
  }
  return {
    needs: shortfalls.length === 0 ? KERNEL : KERNEL_AND_WIRE,
    shortfalls,
    proof: `ss showed ${sequence.join(' → ')}`,
  };
}

/** A state that `ss` did not show: it was not reached, or it was and nobody looked. */
function missingState(
  connection: Connection,
  side: Side,
  wanted: TcpState,
  sequence: readonly TcpState[],
): Shortfall {
  const observed = sequence.length === 0 ? 'no snapshot at all' : `ss showed ${sequence.join(' → ')}`;
  const passedUnseen =
    sequence.length === 0 || connection.segments.some(({ statesAfter }) => statesAfter[side] === wanted);
  return {
    basis: passedUnseen && !wasSampledDuring(connection, side, wanted) ? 'unobserved' : 'absent',
    mismatch: { expected: `${side} in ${wanted}`, observed },
  };
}

/** Whether a whole snapshot fell into the time in which, by the segments, `side` was in `state`. */
function wasSampledDuring({ segments, observedStates }: Connection, side: Side, state: TcpState): boolean {
  const entered = segments.findIndex(({ statesAfter }) => statesAfter[side] === state);
  const left = segments.findIndex(({ statesAfter }, index) => index > entered && statesAfter[side] !== state);
  const fromNs = segments[entered]?.atNs;
  const toNs = segments[left]?.atNs;
  if (fromNs === undefined) return false;
  return observedStates
    .filter((seen) => seen.side === side)
    .some(({ samples }) =>
      samples.some((sample) => sample.fromNs > fromNs && (toNs === undefined || sample.toNs < toNs)),
    );
}

export function judgeNothingLeftOpen(connection: Connection): Judgement {
  const lasts = SIDES.map((side) => ({ side, state: lastStateOf(connection, side) }));
  const shortfalls = lasts.flatMap(({ side, state }) => leftOpen(side, state));
  const proof = lasts.map(({ side, state }) => `${side} ${state ?? ''}`).join(', ');
  return { needs: KERNEL, shortfalls, proof: `ss at the end: ${proof}` };
}

/** What `ss` showed of a side behind the last segment; undefined when it was not asked then. */
export function lastStateOf({ segments, observedStates }: Connection, side: Side): TcpState | undefined {
  const last = observedStates.findLast((seen) => seen.side === side);
  const askedAtNs = last?.samples.at(-1)?.fromNs;
  return askedAtNs === undefined || askedAtNs < (segments.at(-1)?.atNs ?? 0n) ? undefined : last?.state;
}

function leftOpen(side: Side, state: TcpState | undefined): Shortfall[] {
  const expected = `${side} closed, or in TIME-WAIT`;
  if (state === undefined) {
    return [
      { basis: 'unobserved', mismatch: { expected, observed: 'ss was not asked after the last segment' } },
    ];
  }
  if (state === 'CLOSED' || state === 'TIME-WAIT') return [];
  return [{ basis: 'seen', mismatch: { expected, observed: `${side} still in ${state}` } }];
}
