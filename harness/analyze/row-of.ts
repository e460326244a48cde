import { communityId } from './community-id.ts';
import type { ConnectionRecord } from '../correlate/connection-record.ts';
import type { Engine } from '../correlate/engine.ts';
import { type End, NEVER_NS } from '../correlate/lifecycle-end.ts';
import type { LossAndDelayFigures } from '../correlate/loss-and-delay.ts';
import type { Side } from '../model/connection.ts';
import type { ConnectionRow, PerSide } from '../model/connection-row.ts';
import { nanoseconds } from '../model/nanoseconds.ts';
import type { TcpState } from '../model/tcp-state.ts';
import { endsOf, flowOf } from './flow-of.ts';

const NONE: PerSide = { client: 0, server: 0 };
const NO_ANOMALIES: ConnectionRow['anomalies'] = [];
const NEITHER: readonly Side[] = [];
const CLIENT: readonly Side[] = ['client'];
const SERVER: readonly Side[] = ['server'];
const BOTH: readonly Side[] = ['client', 'server'];

/**
 * What a finished record says, as a row; made once a connection.
 * @param withCommunityId its hash costs as much as all the rest, and few ask for it
 */
export function rowOf(record: ConnectionRecord, engine: Engine, withCommunityId: boolean): ConnectionRow {
  const { lifecycle, tracker, zeek } = record;
  const [first, second] = endsOf(engine.keyOf(record));
  const isForth = record.clientSide === 0;
  const { connState, history } = zeek.summary();
  const { ending, firstCloser, firstReset } = lifecycle;
  const { clientState, serverState } = tracker;
  const isReset = ending === 'reset';
  // Where all was predicted there is no trouble, and nobody need look for it.
  const troubles = record.predicted === undefined ? troublesOf(record) : NO_TROUBLES;
  const roundTrips = roundTripsOf(record);
  // One literal, for spreading others into it costs more than all the rest.
  return {
    id: record.id,
    client: isForth ? first : second,
    server: isForth ? second : first,
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
    resetBy: isReset ? sideOf(record, firstReset) : undefined,
    abandonedBy: ending === 'abandoned' ? sideOf(record, lifecycle.abandonedBy) : undefined,
    unacknowledgedAtReset: isReset
      ? { client: lifecycle.clientUnacknowledged, server: lifecycle.serverUnacknowledged }
      : NONE,
    closeSegments: lifecycle.closeSegments,
    halfClosedNs: lifecycle.halfClosedNs,
    bytesAfterFirstFin: lifecycle.bytesAfterFirstFin,
    finAckNs: lifecycle.finAckNs,
    timeWait: timeWaitOf(clientState, serverState),
    states: { client: clientState, server: serverState },
    anomalies: tracker.hasAnomalies ? tracker.anomalies : NO_ANOMALIES,
    retransmissions: troubles.retransmissions,
    spurious: troubles.spurious,
    fast: troubles.fast,
    timeouts: troubles.timeouts,
    outOfOrder: troubles.outOfOrder,
    duplicateAcks: troubles.duplicateAcks,
    keepAlives: troubles.keepAlives,
    zeroWindows: troubles.zeroWindows,
    zeroWindowNs: troubles.zeroWindowNs,
    windowFull: troubles.windowFull,
    rttMinNs: roundTrips.rttMinNs,
    rttMedianNs: roundTrips.rttMedianNs,
    rttMaxNs: roundTrips.rttMaxNs,
    gapBytes: troubles.gapBytes,
    lostBytes: troubles.lostBytes,
    acksOfUnseen: troubles.acksOfUnseen,
    zeekState: connState,
    zeekHistory: history,
    completeness: record.wireshark.completeness,
  };
}

function timeWaitOf(client: TcpState, server: TcpState): readonly Side[] {
  if (client === 'TIME-WAIT') return server === 'TIME-WAIT' ? BOTH : CLIENT;
  return server === 'TIME-WAIT' ? SERVER : NEITHER;
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
  | 'gapBytes'
  | 'lostBytes'
  | 'acksOfUnseen'
>;

const NO_TROUBLES: Troubles = {
  retransmissions: NONE,
  spurious: 0,
  fast: 0,
  timeouts: 0,
  outOfOrder: 0,
  duplicateAcks: 0,
  keepAlives: 0,
  zeroWindows: 0,
  zeroWindowNs: 0,
  windowFull: 0,
  gapBytes: 0,
  lostBytes: 0,
  acksOfUnseen: 0,
};

function troublesOf({ figures, wireshark, clientSide }: ConnectionRecord): Troubles {
  const client = figures.figures(clientSide, wireshark);
  const server = figures.figures(clientSide === 0 ? 1 : 0, wireshark);
  const sum = (of: (figures: LossAndDelayFigures) => number): number => of(client) + of(server);
  return {
    retransmissions: { client: allRetransmissions(client), server: allRetransmissions(server) },
    spurious: sum(({ retransmissions }) => retransmissions.spurious),
    fast: sum(({ retransmissions }) => retransmissions.fast),
    timeouts: sum(({ retransmissions }) => retransmissions.timeout),
    outOfOrder: sum(({ outOfOrder }) => outOfOrder),
    duplicateAcks: sum(({ duplicateAcks }) => duplicateAcks),
    keepAlives: sum(({ keepAlives }) => keepAlives),
    zeroWindows: sum(({ zeroWindow }) => zeroWindow.segments),
    zeroWindowNs: nanoseconds(sum(({ zeroWindow }) => zeroWindow.seconds)),
    windowFull: sum(({ windowFull }) => windowFull),
    gapBytes: sum(({ capture }) => capture.missedOctets),
    lostBytes: sum(({ lostOctets }) => lostOctets),
    acksOfUnseen: sum(({ capture }) => capture.acksOfUnseen),
  };
}

function allRetransmissions({ retransmissions: { timeout, fast, spurious } }: LossAndDelayFigures): number {
  return timeout + fast + spurious;
}

type RoundTripTimes = Pick<ConnectionRow, 'rttMinNs' | 'rttMedianNs' | 'rttMaxNs'>;

const NO_ROUND_TRIPS: RoundTripTimes = {
  rttMinNs: undefined,
  rttMedianNs: undefined,
  rttMaxNs: undefined,
};

/** The busier direction has the better median; the extremes are of both. */
function roundTripsOf(record: ConnectionRecord): RoundTripTimes {
  const { predicted, clientSide } = record;
  const a = (predicted?.client ?? record.figures.direction(clientSide)).roundTrips;
  const b = (predicted?.server ?? record.figures.direction(clientSide === 0 ? 1 : 0)).roundTrips;
  if (a.samples + b.samples === 0) return NO_ROUND_TRIPS;
  const busier = a.samples >= b.samples ? a : b;
  return {
    rttMinNs: nanoseconds(Math.min(a.shortestSeconds, b.shortestSeconds)),
    rttMedianNs: nanoseconds(busier.medianSeconds),
    rttMaxNs: nanoseconds(Math.max(a.longestSeconds, b.longestSeconds)),
  };
}

function sideOf({ lifecycle }: ConnectionRecord, end: End | undefined): Side | undefined {
  if (end === undefined) return undefined;
  return end === lifecycle.client ? 'client' : 'server';
}

function known(ns: number): number | undefined {
  return ns === NEVER_NS ? undefined : ns;
}
