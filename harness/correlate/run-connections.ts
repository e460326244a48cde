import type { ConnectionRow } from '../model/connection-row.ts';
import { otherSide, type Side } from '../model/connection.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { ControlSegment, RunConnection, SeenState, SegmentTie } from '../model/run-connection.ts';
import type { ClockMap } from './clocks.ts';
import { lifeReports } from './life-reports.ts';
import { laneMismatches } from './lane-mismatches.ts';
import type { JoinedLives } from './life-index.ts';
import { PlacedLife } from './placed-life.ts';
import { causeOf } from './segment-causes.ts';
import { effectOf } from './segment-effects.ts';

/** What all connections of a run have in common. */
export interface RunFacts {
  readonly clock: ClockMap;
  readonly wireIsWhole: boolean;
  readonly seenStates: (ends: Ends) => readonly SeenState[];
}

/** Of a connection, and the time that it took up; capture's clock. */
export interface Ends {
  readonly client: Endpoint;
  readonly server: Endpoint;
  readonly startNs: bigint;
  readonly endNs: bigint;
}

/** A connection of the wire with what the other lanes tell of it. */
export function joinConnection(
  row: ConnectionRow,
  controls: readonly ControlSegment[],
  joined: JoinedLives,
  { clock, wireIsWhole, seenStates }: RunFacts,
): RunConnection {
  const lives = placed(joined.lives, clock);
  const known: Known = { lives, joined, clock };
  const ties = controls.map((segment, index) => tie(segment, controls.slice(0, index), known));
  const { id, client, server, startNs, durationNs, ending, closedBy, resetBy } = row;
  const endNs = startNs + BigInt(Math.round(durationNs));
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
    mismatches: laneMismatches({ row, ties, lives, listen: joined.listen, wireIsWhole }),
    seenStates: seenStates({ client, server, startNs, endNs }),
  };
}

type Placed = Partial<Readonly<Record<Side, PlacedLife>>>;

function placed({ client, server }: JoinedLives['lives'], clock: ClockMap): Placed {
  return {
    ...(client && { client: new PlacedLife(client, clock) }),
    ...(server && { server: new PlacedLife(server, clock) }),
  };
}

interface Known {
  readonly lives: Placed;
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

/** A connection, or an attempt at one, of which the capture holds no packet: JS alone tells. */
export function connectionWithoutWire(
  id: number,
  { lives, attempt }: JoinedLives,
  { clock, seenStates }: RunFacts,
): RunConnection | undefined {
  // Whoever connected knows best how it went.
  const life = lives.client ?? lives.server;
  const peer = attempt?.peer ?? life?.peer;
  if (life === undefined || peer === undefined) return undefined;
  const [client, server] = life.role === 'client' ? [life.local, peer] : [peer, life.local];
  if (server === undefined) return undefined;
  const place = new PlacedLife(life, clock);
  const startNs = place.at(attempt?.startedAtNs ?? life.events[0]?.atNs ?? 0n);
  const endNs = place.at(life.events.at(-1)?.atNs ?? 0n);
  const failed = attempt?.failed !== undefined;
  return {
    id,
    client: failed ? undefined : client,
    server,
    startNs,
    ...endingOf(place, failed),
    lives,
    ties: [],
    reports: reportsOf(lives),
    mismatches: [],
    seenStates: client === undefined || failed ? [] : seenStates({ client, server, startNs, endNs }),
  };
}

function reportsOf({ client, server }: JoinedLives['lives']): RunConnection['reports'] {
  const all = [
    ...(client === undefined
      ? []
      : lifeReports(client).map((report) => ({ side: 'client' as const, report }))),
    ...(server === undefined
      ? []
      : lifeReports(server).map((report) => ({ side: 'server' as const, report }))),
  ];
  return all
    .filter(({ report: { by, name } }) => !(by === 'node' && (name === 'resume' || name === 'pause')))
    .sort((a, b) => (a.report.atNs < b.report.atNs ? -1 : 1));
}

function endingOf(life: PlacedLife, failed: boolean): Pick<RunConnection, 'ending' | 'closedBy' | 'resetBy'> {
  const { role } = life.life;
  const close = life.first('finwait:socket:close');
  const connected = life.first('finwait:socket:connect') ?? life.first('finwait:socket:accept');
  if (failed || (role === 'client' && connected === undefined)) return { ending: 'failed' };
  const reset = life.first('finwait:socket:reset-call');
  if (reset !== undefined) return { ending: 'reset', resetBy: role };
  if (life.first('finwait:socket:error')?.code === 'ECONNRESET')
    return { ending: 'reset', resetBy: otherSide(role) };
  const remoteEnd = life.first('finwait:socket:remote-end');
  const call = life.first('finwait:socket:end-call') ?? life.first('finwait:socket:destroy-call');
  const first = remoteEnd !== undefined && (call === undefined || remoteEnd.atNs <= call.atNs);
  const closedBy = first ? otherSide(role) : call === undefined ? undefined : role;
  const ending = close !== undefined ? 'closed' : closedBy === undefined ? 'open' : 'half-closed';
  return { ending, ...(closedBy && { closedBy }) };
}
