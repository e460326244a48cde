import test from 'ava';
import { type AnalysisCounts, renderAnalysisSummary } from '../../harness/report/terminal/analysis.ts';

const COUNTS: AnalysisCounts = {
  frames: 1100,
  tcpPackets: 1000,
  connections: 100,
  endings: {
    closed: 60,
    reset: 25,
    refused: 0,
    'half-closed': 10,
    closing: 0,
    abandoned: 0,
    open: 5,
    unanswered: 0,
  },
  closedBy: { client: 40, server: 20 },
  resetBy: { client: 5, server: 20 },
  totals: {
    startNs: 1_700_000_000_001_000_000n,
    spanNs: 90_000_000_000,
    bytes: { client: 700, server: 1 },
    openings: { handshake: 90, simultaneous: 0, split: 0, refused: 0, unanswered: 0, midstream: 10 },
    synRetries: 0,
    fastOpen: 0,
    closedInThree: 50,
    keptHalfClosed: 2,
    timeWait: { client: 40, server: 20 },
    unacknowledgedAtReset: { client: 12, server: 0 },
    handshakes: { count: 90, minNs: 34_000, medianNs: 412_000, maxNs: 3_010_000_000 },
    roundTrips: undefined,
    retransmissions: { timeout: 0, fast: 0, spurious: 0, connections: 0 },
    outOfOrder: 0,
    duplicateAcks: 0,
    keepAlives: 0,
    zeroWindow: { connections: 0, ns: 0 },
    windowFull: 0,
    anomalies: [],
    gapBytes: 0,
    lostBytes: 0,
    acksOfUnseen: 0,
  },
};

test('a line an ending that occurred, with who closed or reset first and what that left', (t) => {
  t.deepEqual(renderAnalysisSummary('a.pcap', COUNTS).split('\n'), [
    'a.pcap: 100 connections in 1000 TCP packets of 1100 frames',
    '  from 2023-11-14T22:13:20.001Z, 90 s; client 700, server 1 byte of payload',
    '        60  closed (client first 40, server first 20; TIME-WAIT: client 40, server 20; 50 in three segments; 2 half-closed in between)',
    '        25  reset (by the client 5, by the server 20; octets not acknowledged: client 12, server 0)',
    '        10  half-closed',
    '         5  open',
    '  opened       handshake 90, midstream 10',
    '  handshakes   median 0.412 ms, from 0.034 ms to 3.01 s, of 90 connections',
    '',
  ]);
});

test('what went wrong has lines of its own, and only then', (t) => {
  const totals: AnalysisCounts['totals'] = {
    ...COUNTS.totals,
    synRetries: 1,
    fastOpen: 3,
    handshakes: { count: 1, minNs: 34_000, medianNs: 34_000, maxNs: 34_000 },
    retransmissions: { timeout: 2, fast: 1, spurious: 0, connections: 1 },
    outOfOrder: 4,
    duplicateAcks: 1,
    zeroWindow: { connections: 1, ns: 10_005_000_000 },
    windowFull: 2,
    gapBytes: 233,
    acksOfUnseen: 15,
    anomalies: [
      { name: 'pkt_invalid_ack', what: 'acknowledgement of octets never sent', connections: 2, example: 4 },
      { name: 'RST out of sequence', what: 'RST out of sequence', connections: 1, example: 9 },
    ],
  };
  t.deepEqual(
    renderAnalysisSummary('a.pcap', { ...COUNTS, totals })
      .split('\n')
      .slice(6),
    [
      '  opened       handshake 90, midstream 10, 1 SYN sent again, 3 with Fast Open',
      '  handshakes   0.034 ms',
      '  sent again   3 retransmissions in 1 connection (2 by time-out, 1 fast), 4 out of order, 1 duplicate ACK',
      '  windows      zero in 1 connection, 10 s in all, 2 segments filled one',
      '  not captured 233 octets that were acknowledged, 15 acknowledgements of such',
      '  odd          pkt_invalid_ack: acknowledgement of octets never sent, in 2 connections, first (4)',
      '               RST out of sequence, in 1 connection (9)',
      '',
    ],
  );
});

test('a capture without TCP is one line', (t) => {
  const text = renderAnalysisSummary('a.pcap', { ...COUNTS, tcpPackets: 0, connections: 0 });
  t.is(text, 'a.pcap: 0 connections in 0 TCP packets of 1100 frames\n');
});

test('a time that no calendar has is told in seconds', (t) => {
  const head = (startNs: bigint): string =>
    renderAnalysisSummary('a.pcap', { ...COUNTS, totals: { ...COUNTS.totals, startNs } }).split('\n')[1] ??
    '';
  const last = 8_640_000_000_000n * 1_000_000_000n;
  t.regex(head(last), /^ {2}from \+275760-09-13T00:00:00.000Z, 90 s;/);
  t.regex(head(last + 1_000_000n), /^ {2}from second 8640000000000 of the epoch, 90 s;/);
});
