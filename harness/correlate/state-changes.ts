import type { Connection, Side } from '../model/connection.ts';
import type { TcpState } from '../model/tcp-state.ts';

/** An end has come into a state, by RFC 9293's table. Plain data. */
export interface StateChange {
  readonly side: Side;
  readonly state: TcpState;
  /** The segment that led there: ordinal of its frame, and when it was captured, ns since the epoch. */
  readonly frame: number;
  readonly atNs: bigint;
}

/** Both ends' states over time, as tracked from the segments; first those that the first segment led to. */
export function stateChanges({ segments }: Connection): StateChange[] {
  const states: Partial<Record<Side, TcpState>> = {};
  return segments.flatMap(({ segment: { frame }, atNs, statesAfter }) =>
    (['client', 'server'] as const).flatMap((side) => {
      const state = statesAfter[side];
      if (states[side] === state) return [];
      states[side] = state;
      return [{ side, state, frame, atNs }];
    }),
  );
}
