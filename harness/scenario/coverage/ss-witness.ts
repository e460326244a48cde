import { alignClocks } from '../../correlate/clocks.ts';
import type { Connection, Side } from '../../model/connection.ts';
import { otherSide } from '../../model/connection.ts';
import { sameEndpoint } from '../../model/endpoint.ts';
import type { SocketSample } from '../../model/observation.ts';
import type { RunEvidence } from '../../model/run-evidence.ts';
import type { TcpState } from '../../model/tcp-state.ts';
import type { Witness } from './witness.ts';

/** One look of `ss` at one socket, ns since the epoch; the kernel was read somewhere between the two. */
export interface Look {
  readonly state: TcpState;
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** A look with the row that it found. */
export interface RowLook extends Look {
  readonly row?: SocketSample;
}

/** What `ss` showed of one side, look by look, in order of time. */
export function looksAt({ observedStates }: Connection, side: Side): readonly Look[] {
  return observedStates
    .filter((seen) => seen.side === side)
    .flatMap(({ state, samples }) => samples.map((sample) => ({ state, ...sample })))
    .sort((a, b) => Number(a.fromNs - b.fromNs));
}

/** The same of the listener at the server's port: LISTEN or CLOSED. */
export function looksAtListener(evidence: RunEvidence): readonly Look[] {
  const { server } = evidence;
  return looksFor(evidence, ({ state, local }) => state === 'LISTEN' && local.port === server.port);
}

/** Every look at the endpoints of one side, those before the connection's first segment among them. */
export function looksAtRow({ evidence, connection }: Witness, side: Side): readonly RowLook[] {
  const [own, other] = [connection[side], connection[otherSide(side)]];
  return looksFor(evidence, ({ local, peer }) => sameEndpoint(local, own) && sameEndpoint(peer, other));
}

function looksFor(
  { snapshots, clockReadings }: RunEvidence,
  isMeant: (row: SocketSample) => boolean,
): readonly RowLook[] {
  const clock = alignClocks(clockReadings);
  if (clock === undefined) return [];
  return snapshots.map(({ startedAtNs, endedAtNs, sockets }) => {
    const row = sockets.find(isMeant);
    return {
      state: row?.state ?? ('CLOSED' as const),
      fromNs: startedAtNs + clock.offsetNs - clock.errorNs,
      toNs: endedAtNs + clock.offsetNs + clock.errorNs,
      ...(row && { row }),
    };
  });
}

/** When the program of that side made this call, ns since the epoch. */
export function callsOf(
  { reports, clockReadings }: RunEvidence,
  side: Side,
  name: string,
): readonly bigint[] {
  const clock = alignClocks(clockReadings);
  if (clock === undefined) return [];
  return reports
    .filter(({ side: of, report }) => {
      return of === side && report.kind === 'call' && report.name === name && report.by === 'program';
    })
    .map(({ report }) => report.atNs + clock.offsetNs);
}

/** The last look that was over, and the first that began, when `atNs` came. */
export function around<L extends Look>(
  looks: readonly L[],
  atNs: bigint,
): { readonly before: L | undefined; readonly after: L | undefined } {
  return {
    before: looks.findLast(({ toNs }) => toNs <= atNs),
    after: looks.find(({ fromNs }) => fromNs >= atNs),
  };
}
