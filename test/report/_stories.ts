/** Connections as they happen on a Linux loopback, told with the builders. */
import type { Connection } from '../../harness/model/connection.ts';
import { call, connection, event, observed, type SegmentStep } from '../support/connection.ts';

const SYN_OPTIONS = { mss: 65495, windowScale: 7, sackPermitted: true } as const;

/** Three segments, both ESTABLISHED. */
export const HANDSHAKE: readonly SegmentStep[] = [
  { from: 'client', flags: 'SYN', atMs: 0, states: ['SYN-SENT', 'SYN-RECEIVED'], options: SYN_OPTIONS },
  {
    from: 'server',
    flags: 'SYN,ACK',
    atMs: 0.021,
    states: ['ESTABLISHED', 'SYN-RECEIVED'],
    options: SYN_OPTIONS,
  },
  { from: 'client', flags: 'ACK', atMs: 0.034, states: ['ESTABLISHED', 'ESTABLISHED'] },
];

const ESTABLISHED_SEEN = [
  observed('client', 'ESTABLISHED', [[0.1, 9.4]]),
  observed('server', 'ESTABLISHED', [[0.1, 9.4]]),
];

/** The client ends first; the server still answers, then ends: four segments. */
export function halfClose(): Connection {
  return connection({
    segments: [
      ...HANDSHAKE,
      { from: 'client', flags: 'PSH,ACK', atMs: 12.107, bytes: 8 },
      { from: 'server', flags: 'ACK', atMs: 12.131 },
      { from: 'client', flags: 'FIN,ACK', atMs: 12.412, states: ['FIN-WAIT-1', 'CLOSE-WAIT'] },
      { from: 'server', flags: 'ACK', atMs: 12.455, states: ['FIN-WAIT-2', 'CLOSE-WAIT'] },
      { from: 'server', flags: 'PSH,ACK', atMs: 52.731, bytes: 16 },
      { from: 'client', flags: 'ACK', atMs: 52.752 },
      { from: 'server', flags: 'FIN,ACK', atMs: 53.018, states: ['TIME-WAIT', 'LAST-ACK'] },
      { from: 'client', flags: 'ACK', atMs: 53.04, states: ['TIME-WAIT', 'CLOSED'] },
    ],
    observedStates: [
      ...ESTABLISHED_SEEN,
      observed('client', 'FIN-WAIT-2', [
        [12.5, 21.3],
        [39.8, 48.2],
      ]),
      observed('server', 'CLOSE-WAIT', [
        [12.5, 21.3],
        [39.8, 48.2],
      ]),
      observed('client', 'TIME-WAIT', [[53.1, 61.9]]),
      observed('server', 'CLOSED', [[53.1, 61.9]]),
    ],
    js: [
      call('client', 'connect', -0.388),
      event('client', 'connect', 0.302),
      call('client', 'write', 12.061, { bytes: 8 }),
      event('server', 'data', 12.298, { bytes: 8 }),
      call('client', 'end', 12.377),
      event('server', 'end', 12.604),
      call('server', 'write', 52.69, { bytes: 16 }),
      event('client', 'data', 52.881, { bytes: 16 }),
      call('server', 'end', 52.98),
      event('client', 'end', 53.212),
      event('client', 'close', 53.401),
      event('server', 'close', 53.466),
    ],
    summary: {
      ending: 'closed',
      firstCloser: 'client',
      closeSegments: 4,
      halfClosedNs: 40_606_000n,
      bytesAfterFirstFin: 16,
      handshakeNs: 34_000n,
      finAckNs: 43_000n,
      timeWaitHolders: ['client'],
      timeWaitSource: 'kernel',
    },
  });
}

/** The server destroys its socket with octets unread: a RST instead of a FIN. */
export function resetWithUnreadData(): Connection {
  return connection({
    segments: [
      ...HANDSHAKE,
      { from: 'client', flags: 'PSH,ACK', atMs: 2.5, bytes: 14 },
      { from: 'server', flags: 'ACK', atMs: 2.521 },
      { from: 'server', flags: 'RST,ACK', atMs: 8.874, states: ['CLOSED', 'CLOSED'], window: 0 },
    ],
    observedStates: [
      ...ESTABLISHED_SEEN,
      observed('client', 'CLOSED', [[9.4, 17.8]]),
      observed('server', 'CLOSED', [[9.4, 17.8]]),
    ],
    js: [
      call('client', 'write', 2.461, { bytes: 14 }),
      call('server', 'destroy', 8.84),
      event('server', 'close', 8.99, { hadError: false }),
      event('client', 'error', 9.066, { code: 'ECONNRESET' }),
      event('client', 'close', 9.121, { hadError: true }),
    ],
    summary: { ending: 'reset', resetBy: 'server', handshakeNs: 34_000n, timeWaitSource: 'kernel' },
  });
}

/** Nobody listens. */
export function refused(): Connection {
  return connection({
    segments: [
      { from: 'client', flags: 'SYN', atMs: 0, states: ['SYN-SENT', 'CLOSED'], options: SYN_OPTIONS },
      { from: 'server', flags: 'RST,ACK', atMs: 0.011, states: ['CLOSED', 'CLOSED'], window: 0 },
    ],
    js: [call('client', 'connect', -0.212), event('client', 'error', 0.341, { code: 'ECONNREFUSED' })],
    summary: { ending: 'refused', resetBy: 'server' },
  });
}

/** The server ends at once: the ACK of the first FIN rides on the second. */
export function threeSegmentClose(): Connection {
  return connection({
    segments: [
      ...HANDSHAKE,
      { from: 'client', flags: 'FIN,ACK', atMs: 5.2, states: ['FIN-WAIT-1', 'CLOSE-WAIT'] },
      { from: 'server', flags: 'FIN,ACK', atMs: 5.412, states: ['TIME-WAIT', 'LAST-ACK'] },
      { from: 'client', flags: 'ACK', atMs: 5.43, states: ['TIME-WAIT', 'CLOSED'] },
    ],
    observedStates: [observed('client', 'TIME-WAIT', [[5.5, 14]])],
    summary: {
      ending: 'closed',
      firstCloser: 'client',
      closeSegments: 3,
      finAckNs: 212_000n,
      handshakeNs: 34_000n,
      timeWaitHolders: ['client'],
      timeWaitSource: 'kernel',
    },
  });
}

/** A gate holds the client's FIN back; its second retransmission gets through. 60 s later TIME-WAIT ends. */
export function heldFin(): Connection {
  return connection({
    segments: [
      ...HANDSHAKE,
      {
        from: 'client',
        flags: 'FIN,ACK',
        atMs: 3.1,
        states: ['FIN-WAIT-1', 'ESTABLISHED'],
        delivered: false,
      },
      {
        from: 'client',
        flags: 'FIN,ACK',
        atMs: 207.455,
        sequence: 1,
        retransmission: true,
        delivered: false,
      },
      {
        from: 'client',
        flags: 'FIN,ACK',
        atMs: 631.02,
        sequence: 1,
        retransmission: true,
        states: ['FIN-WAIT-1', 'CLOSE-WAIT'],
      },
      { from: 'server', flags: 'FIN,ACK', atMs: 631.4, states: ['TIME-WAIT', 'LAST-ACK'] },
      { from: 'client', flags: 'ACK', atMs: 631.421, states: ['TIME-WAIT', 'CLOSED'] },
    ],
    observedStates: [
      observed('client', 'FIN-WAIT-1', [
        [3.2, 11.8],
        [621.5, 629.9],
      ]),
      observed('client', 'TIME-WAIT', [[632, 640]]),
      observed('client', 'CLOSED', [[60_631.5, 60_640]], { earliestMs: 60_620 }),
    ],
    js: [call('client', 'end', 3.055), call('server', 'end', 631.36, { by: 'node' })],
    summary: {
      ending: 'closed',
      firstCloser: 'client',
      closeSegments: 3,
      handshakeNs: 34_000n,
      finAckNs: 628_300_000n,
      timeWaitHolders: ['client'],
      timeWaitSource: 'kernel',
    },
  });
}

/** `ss` and the segments disagree: the server never took the FIN that the wire showed, and data follow a FIN. */
export function statesInDispute(): Connection {
  return connection({
    segments: [
      ...HANDSHAKE,
      { from: 'client', flags: 'FIN,ACK', atMs: 3.1, states: ['FIN-WAIT-1', 'CLOSE-WAIT'] },
      { from: 'client', flags: 'PSH,ACK', atMs: 3.4, bytes: 3, anomalies: ['data after FIN'] },
    ],
    observedStates: [
      observed('server', 'ESTABLISHED', [
        [0.1, 2.9],
        [24.2, 31],
      ]),
      observed('client', 'CLOSING', [[24.2, 31]]),
    ],
  });
}
