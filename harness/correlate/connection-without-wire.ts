import { otherSide, type PlacedJsReport, type Side } from '../model/connection.ts';
import type { LaneMismatch, RunConnection, SeenState } from '../model/run-connection.ts';
import { closeWaitMismatch } from './fin-mismatch.ts';
import type { JoinedLives } from './life-index.ts';
import { lifeReports } from './life-reports.ts';
import type { PlacedLife } from './placed-life.ts';
import { placeLives, type PlacedLives, type RunFacts } from './run-connections.ts';

/** A connection, or an attempt at one, of which the capture holds no packet: JS tells, and what `ss` showed. */
export function connectionWithoutWire(
  id: number,
  { lives, attempt, nextNs }: JoinedLives,
  { clock, seenStates, traced }: RunFacts,
): RunConnection | undefined {
  // Whoever connected knows best how it went.
  const life = lives.client ?? lives.server;
  const peer = attempt?.peer ?? life?.peer;
  if (life === undefined) return undefined;
  const [client, server] = life.role === 'client' ? [life.local, peer] : [peer, life.local];
  if (server === undefined) return undefined;
  const places = placeLives(lives, clock);
  const place = places.client ?? places.server;
  if (place === undefined) return undefined;
  const startNs = place.at(life.calledAtNs ?? attempt?.startedAtNs ?? life.events[0]?.atNs ?? 0n);
  const failure = attempt?.failed?.code;
  const failed = failure !== undefined;
  const endNs = lastEventNs(places);
  const ends = { client, server, startNs, endNs, isOver: false, ...(nextNs !== undefined && { nextNs }) };
  const seen = isKnown(ends) && !failed ? seenStates(ends) : [];
  const ofPrograms = seen.filter((each) => isOfPrograms(each, places));
  const told = isKnown(ends) && !failed ? traced?.(ends) : undefined;
  return {
    id,
    client: failed ? undefined : client,
    server,
    startNs,
    ...endingOf(place, failure, ofPrograms),
    lives,
    ties: [],
    reports: reportsOf(places),
    mismatches: mismatchesOf(places, seen),
    seenStates: seen,
    ...(told && { transitions: told.transitions }),
  };
}

function isKnown<Ends extends { client: unknown }>(
  ends: Ends,
): ends is Ends & { client: NonNullable<Ends['client']> } {
  return ends.client !== undefined;
}

function bothOf({ client, server }: PlacedLives): (readonly [Side, PlacedLife])[] {
  return [
    ...(client === undefined ? [] : [['client', client] as const]),
    ...(server === undefined ? [] : [['server', server] as const]),
  ];
}

function lastEventNs(places: PlacedLives): bigint {
  const last = bothOf(places).map(([, place]) => place.at(place.life.events.at(-1)?.atNs ?? 0n));
  return last.reduce((latest, each) => (each > latest ? each : latest), 0n);
}

function mismatchesOf(places: PlacedLives, seen: readonly SeenState[]): LaneMismatch[] {
  return bothOf(places)
    .map(([side, place]) => closeWaitMismatch(side, place, seen))
    .filter((each) => each !== undefined);
}

function reportsOf(places: PlacedLives): PlacedJsReport[] {
  return bothOf(places)
    .flatMap(([side, place]) =>
      lifeReports(place.life).map((report) => ({ side, atNs: place.at(report.atNs), report })),
    )
    .filter(({ report: { by, name } }) => !(by === 'node' && (name === 'resume' || name === 'pause')))
    .sort((a, b) => (a.atNs < b.atNs ? -1 : a.atNs > b.atNs ? 1 : 0));
}

type Ended = Pick<RunConnection, 'ending' | 'closedBy' | 'resetBy'>;

function endingOf(life: PlacedLife, failure: string | undefined, seen: readonly SeenState[]): Ended {
  const { role, attempts } = life.life;
  // What has an answer to its SYN was open, though it be reset before JS is told so: else it is ECONNREFUSED.
  if (failure === 'ECONNRESET') return { ending: 'reset', resetBy: 'server' };
  if (failure !== undefined) return { ending: 'failed' };
  if (life.first('finwait:socket:reset-call') !== undefined) return { ending: 'reset', resetBy: role };
  if (life.first('finwait:socket:error')?.code === 'ECONNRESET')
    return { ending: 'reset', resetBy: otherSide(role) };
  const connected = life.first('finwait:socket:connect') ?? life.first('finwait:socket:accept');
  if (connected === undefined && attempts.length > 0) return { ending: 'failed' };
  const closedBy = firstCloser(life) ?? closedByStates(seen);
  const close = life.first('finwait:socket:close');
  const ending = close !== undefined ? 'closed' : closedBy === undefined ? 'open' : 'half-closed';
  return { ending, ...(closedBy && { closedBy }) };
}

function firstCloser(life: PlacedLife): Side | undefined {
  const { role } = life.life;
  const remoteEnd = life.first('finwait:socket:remote-end');
  const call = life.first('finwait:socket:end-call') ?? life.first('finwait:socket:destroy-call');
  if (remoteEnd !== undefined && (call === undefined || remoteEnd.atNs <= call.atNs)) return otherSide(role);
  return call === undefined ? undefined : role;
}

/** Once the programs of both ends have exited, the kernel closes one after the other: whoever looks then sees half a close. */
function isOfPrograms({ firstSeenNs }: SeenState, { client, server }: PlacedLives): boolean {
  // When a program was killed its record does not say.
  return client?.goneBy(firstSeenNs) !== 'exit' || server?.goneBy(firstSeenNs) !== 'exit';
}

/** Who waits for the other's FIN, or for its own program's close, says who was first. */
function closedByStates(seen: readonly SeenState[]): Side | undefined {
  for (const { side, state } of seen) {
    if (state === 'CLOSE-WAIT') return otherSide(side);
    if (state === 'FIN-WAIT-1' || state === 'FIN-WAIT-2') return side;
  }
  return undefined;
}
