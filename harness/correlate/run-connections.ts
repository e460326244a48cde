import type { ConnectionRow } from '../model/connection-row.ts';
import { otherSide, type Side } from '../model/connection.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type {
  ControlSegment,
  RunConnection,
  SeenState,
  SegmentTie,
  Traced,
} from '../model/run-connection.ts';
import type { ClockMap } from './clocks.ts';
import { laneMismatches } from './lane-mismatches.ts';
import type { JoinedLives } from './life-index.ts';
import { PlacedLife } from './placed-life.ts';
import { withReasons } from './reset-reasons.ts';
import { causeOf } from './segment-causes.ts';
import { effectOf } from './segment-effects.ts';

/** What all connections of a run have in common. */
export interface RunFacts {
  readonly clock: ClockMap;
  readonly wireIsWhole: boolean;
  readonly seenStates: (ends: Ends) => readonly SeenState[];
  /** Absent where the run had no tracepoints. */
  readonly traced?: (ends: Ends) => Traced;
}

/** Of a connection, and the time that it took up; capture's clock. */
export interface Ends {
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly startNs: bigint;
  readonly endNs: bigint;
  /** Nothing but TIME-WAIT can follow `endNs`. */
  readonly isOver: boolean;
  /** When the next connection of the same two ends began, where that is known. */
  readonly nextNs?: bigint;
}

/** A connection of the wire with what the other lanes tell of it. */
export function joinConnection(
  row: ConnectionRow,
  controls: readonly ControlSegment[],
  joined: JoinedLives,
  { clock, wireIsWhole, seenStates, traced }: RunFacts,
): RunConnection {
  const lives = placeLives(joined.lives, clock);
  const known: Known = { lives, joined, clock };
  const { id, client, server, startNs, durationNs, ending, closedBy, resetBy } = row;
  const endNs = startNs + BigInt(Math.round(durationNs));
  const { nextNs } = joined;
  const isOver = ending === 'closed' || ending === 'reset' || ending === 'refused';
  const ends = { client, server, startNs, endNs, isOver, ...(nextNs !== undefined && { nextNs }) };
  const seen = seenStates(ends);
  const told = traced?.(ends);
  const tied = controls.map((segment, index) => tie(segment, controls.slice(0, index), known));
  const ties = withReasons(tied, told?.resets ?? [], clock.errorNs);
  return {
    id,
    client,
    server,
    startNs,
    row,
    ending,
    ...(closedBy && { closedBy }),
    ...(resetBy && { resetBy }),
    lives: joined.lives,
    ties,
    reports: [],
    mismatches: laneMismatches({ row, ties, lives, joined, wireIsWhole, seenStates: seen }),
    seenStates: seen,
    ...(told && { transitions: told.transitions }),
  };
}

export type PlacedLives = Partial<Readonly<Record<Side, PlacedLife>>>;

export function placeLives({ client, server }: JoinedLives['lives'], clock: ClockMap): PlacedLives {
  return {
    ...(client && { client: new PlacedLife(client, clock) }),
    ...(server && { server: new PlacedLife(server, clock) }),
  };
}

interface Known {
  readonly lives: PlacedLives;
  readonly joined: JoinedLives;
  readonly clock: ClockMap;
}

function tie(segment: ControlSegment, before: readonly ControlSegment[], known: Known): SegmentTie {
  const { lives, joined, clock } = known;
  const { attempt, listen } = joined;
  const { from } = segment;
  const to = otherSide(from);
  const isOurs = lives[from] !== undefined || (from === 'server' && listen !== undefined);
  const facts = { side: from, life: lives[from], attempt, listen, clock, before };
  const cause = isOurs ? causeOf(segment, facts) : undefined;
  const receiver = lives[to];
  const effect = receiver && effectOf(segment, receiver, to === 'client' ? attempt : undefined);
  return { segment, ...(cause && { cause }), ...(effect && { effect }) };
}
