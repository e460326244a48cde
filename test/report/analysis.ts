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
};

test('a line an ending that occurred, with who closed or reset first', (t) => {
  t.deepEqual(renderAnalysisSummary('a.pcap', COUNTS).split('\n'), [
    'a.pcap: 100 connections in 1000 TCP packets of 1100 frames',
    '        60  closed (client first 40, server first 20)',
    '        25  reset (by the client 5, by the server 20)',
    '        10  half-closed',
    '         5  open',
    '',
  ]);
});

test('a capture without TCP is one line', (t) => {
  const endings = { ...COUNTS.endings, closed: 0, reset: 0, 'half-closed': 0, open: 0 };
  const text = renderAnalysisSummary('a.pcap', { ...COUNTS, endings, tcpPackets: 0, connections: 0 });
  t.is(text, 'a.pcap: 0 connections in 0 TCP packets of 1100 frames\n');
});
