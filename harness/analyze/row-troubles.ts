/** Of a row, what both directions add up to: round trips, losses and delays. */
import type { ConnectionRecord } from '../correlate/connection-record.ts';
import type { LossAndDelayFigures } from '../correlate/loss-and-delay.ts';
import type { ConnectionRow, PerSide } from '../model/connection-row.ts';
import { nanoseconds } from '../model/nanoseconds.ts';

export const NONE: PerSide = { client: 0, server: 0 };

export type Troubles = Pick<
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

export const NO_TROUBLES: Troubles = {
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

export function troublesOf({ figures, wireshark, clientSide }: ConnectionRecord): Troubles {
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

export type RoundTripTimes = Pick<ConnectionRow, 'rttMinNs' | 'rttMedianNs' | 'rttMaxNs'>;

const NO_ROUND_TRIPS: RoundTripTimes = {
  rttMinNs: undefined,
  rttMedianNs: undefined,
  rttMaxNs: undefined,
};

/** The busier direction has the better median; the extremes are of both. */
export function roundTripsOf(record: ConnectionRecord): RoundTripTimes {
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
