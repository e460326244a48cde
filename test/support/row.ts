import { NO_TROUBLES } from '../../harness/analyze/row-troubles.ts';
import type { ConnectionRow } from '../../harness/model/connection-row.ts';

/** A connection that opened, carried nothing and closed, but for what is given. */
export function row(given: Partial<ConnectionRow>): ConnectionRow {
  return {
    id: 1,
    client: { address: '127.0.0.1', port: 40_000 },
    server: { address: '127.0.0.1', port: 7000 },
    communityId: undefined,
    startNs: 1_700_000_000_000_000_000n,
    durationNs: 1_000_000,
    packets: { client: 4, server: 3 },
    bytes: { client: 0, server: 0 },
    opening: 'handshake',
    synRetries: 0,
    fastOpen: false,
    handshakeNs: 40_000,
    ending: 'closed',
    closedBy: 'client',
    resetBy: undefined,
    abandonedBy: undefined,
    unacknowledgedAtReset: { client: 0, server: 0 },
    closeSegments: 4,
    halfClosedNs: undefined,
    bytesAfterFirstFin: 0,
    finAckNs: 30_000,
    timeWait: ['client'],
    states: { client: 'TIME-WAIT', server: 'CLOSED' },
    anomalies: [],
    ...NO_TROUBLES,
    rttMinNs: undefined,
    rttMedianNs: undefined,
    rttMaxNs: undefined,
    zeekState: 'SF',
    zeekHistory: 'ShAFaf',
    completeness: 31,
    ...given,
  };
}
