import { communityId } from '../correlate/community-id.ts';
import type { ConnectionRecord } from '../correlate/connection-record.ts';
import type { Engine } from '../correlate/engine.ts';
import { type End, NEVER } from '../correlate/lifecycle-end.ts';
import type { LossAndDelayFigures } from '../correlate/loss-and-delay.ts';
import type { Side } from '../model/connection.ts';
import type { ConnectionRow, PerSide } from '../model/connection-row.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { endsOf, flowOf } from './flow-of.ts';

const NONE: PerSide = { client: 0, server: 0 };

/**
 * What a finished record says, as a row; made once a connection.
 * @param withCommunityId its hash costs as much as all the rest, and few ask for it
 */
export function rowOf(record: ConnectionRecord, engine: Engine, withCommunityId: boolean): ConnectionRow {
  const { lifecycle, tracker, clientSide, wireshark, zeek } = record;
  const serverSide = clientSide === 0 ? 1 : 0;
  const client = record.figures.figures(clientSide, wireshark);
  const server = record.figures.figures(serverSide, wireshark);
  const ends = endpointsOf(record, engine);
  const zeekSummary = zeek.summary();
  const { firstCloser, firstReset } = lifecycle;
  const ending = lifecycle.ending;
  const states: ConnectionRow['states'] = {
    client: tracker.clientState,
    server: tracker.serverState,
  };
  return {
    id: record.id,
    ...ends,
    communityId: withCommunityId ? communityId(flowOf(engine.keyOf(record))) : undefined,
    startNs: BigInt(engine.baseSeconds) * 1_000_000_000n + BigInt(record.firstNs),
    durationNs: record.lastNs - record.firstNs,
    packets: { client: lifecycle.client.packets, server: lifecycle.server.packets },
    bytes: { client: lifecycle.client.bytes, server: lifecycle.server.bytes },
    opening: lifecycle.opening,
    synRetries: lifecycle.synRetries,
    fastOpen: lifecycle.fastOpen,
    handshakeNs: known(lifecycle.handshakeNs),
    ending,
    closedBy: sideOf(record, firstCloser),
    resetBy: ending === 'reset' ? sideOf(record, firstReset) : undefined,
    abandonedBy: ending === 'abandoned' ? sideOf(record, lifecycle.abandonedBy) : undefined,
    unacknowledgedAtReset:
      ending === 'reset'
        ? { client: lifecycle.clientUnacknowledged, server: lifecycle.serverUnacknowledged }
        : NONE,
    closeSegments: lifecycle.closeSegments,
    halfClosedNs: lifecycle.halfClosedNs,
    bytesAfterFirstFin: lifecycle.bytesAfterFirstFin,
    finAckNs: lifecycle.finAckNs,
    timeWait: (['client', 'server'] as const).filter((side) => states[side] === 'TIME-WAIT'),
    states,
    anomalies: tracker.hasAnomalies ? tracker.anomalies : [],
    ...troubles(client, server),
    zeekState: zeekSummary.connState,
    zeekHistory: zeekSummary.history,
    completeness: wireshark.completeness,
  };
}

type Troubles = Pick<
  ConnectionRow,
  | 'retransmissions'
  | 'spurious'
  | 'fast'
  | 'timeouts'
  | 'outOfOrder'
  | 'duplicateAcks'
  | 'keepAlives'
  | 'zeroWindows'
  | 'zeroWindowNs'
  | 'windowFull'
  | 'rttMinNs'
  | 'rttMedianNs'
  | 'rttMaxNs'
  | 'gapBytes'
  | 'lostBytes'
  | 'acksOfUnseen'
>;

function troubles(client: LossAndDelayFigures, server: LossAndDelayFigures): Troubles {
  const sum = (of: (figures: LossAndDelayFigures) => number): number => of(client) + of(server);
  return {
    retransmissions: bothOf(
      client,
      server,
      ({ retransmissions: { timeout, fast, spurious } }) => timeout + fast + spurious,
    ),
    spurious: sum(({ retransmissions }) => retransmissions.spurious),
    fast: sum(({ retransmissions }) => retransmissions.fast),
    timeouts: sum(({ retransmissions }) => retransmissions.timeout),
    outOfOrder: sum(({ outOfOrder }) => outOfOrder),
    duplicateAcks: sum(({ duplicateAcks }) => duplicateAcks),
    keepAlives: sum(({ keepAlives }) => keepAlives),
    zeroWindows: sum(({ zeroWindow }) => zeroWindow.segments),
    zeroWindowNs: Math.round(sum(({ zeroWindow }) => zeroWindow.seconds) * 1e9),
    windowFull: sum(({ windowFull }) => windowFull),
    ...roundTrips(client, server),
    gapBytes: sum(({ capture }) => capture.missedOctets),
    lostBytes: sum(({ lostOctets }) => lostOctets),
    acksOfUnseen: sum(({ capture }) => capture.acksOfUnseen),
  };
}

/** The busier direction has the better median; the extremes are of both. */
function roundTrips(
  { roundTrip: a }: LossAndDelayFigures,
  { roundTrip: b }: LossAndDelayFigures,
): Pick<Troubles, 'rttMinNs' | 'rttMedianNs' | 'rttMaxNs'> {
  const busier = (a?.samples ?? 0) >= (b?.samples ?? 0) ? a : b;
  if (busier === undefined) return { rttMinNs: undefined, rttMedianNs: undefined, rttMaxNs: undefined };
  const both = [a ?? busier, b ?? busier];
  return {
    rttMinNs: nanoseconds(Math.min(...both.map(({ minSeconds }) => minSeconds))),
    rttMedianNs: nanoseconds(busier.medianSeconds),
    rttMaxNs: nanoseconds(Math.max(...both.map(({ maxSeconds }) => maxSeconds))),
  };
}

function bothOf(
  client: LossAndDelayFigures,
  server: LossAndDelayFigures,
  of: (figures: LossAndDelayFigures) => number,
): PerSide {
  return { client: of(client), server: of(server) };
}

function endpointsOf(record: ConnectionRecord, engine: Engine): { client: Endpoint; server: Endpoint } {
  const [first, second] = endsOf(engine.keyOf(record));
  return record.clientSide === 0 ? { client: first, server: second } : { client: second, server: first };
}

function sideOf({ lifecycle }: ConnectionRecord, end: End | undefined): Side | undefined {
  if (end === undefined) return undefined;
  return end === lifecycle.client ? 'client' : 'server';
}

function known(ns: number): number | undefined {
  return ns === NEVER ? undefined : ns;
}

function nanoseconds(seconds: number): number {
  return Math.round(seconds * 1e9);
}
