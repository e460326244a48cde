/** Totals against the rows that they add up: of every capture of the corpus, whichever way its segments went. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { analyzeCapture } from '../../harness/analyze/analyze-capture.ts';
import { openCaptureSource } from '../../harness/analyze/capture-source.ts';
import type { AnalysisTotals } from '../../harness/model/analysis-totals.ts';
import type { ConnectionRow, PerSide } from '../../harness/model/connection-row.ts';
import { CORPUS, missingCorpus } from '../support/corpus.ts';
import { requireCapability } from '../support/require.ts';

const PARTS = ['zeek', 'odd-captures', 'packetdrill'] as const;

/** What rows say, for those totals that are sums. */
function sumsOf(rows: readonly ConnectionRow[]): object {
  const sum = (of: (row: ConnectionRow) => number): number => rows.reduce((all, row) => all + of(row), 0);
  const count = (holds: (row: ConnectionRow) => boolean): number => rows.filter(holds).length;
  const perSide = (of: (row: ConnectionRow) => PerSide): PerSide => ({
    client: sum((row) => of(row).client),
    server: sum((row) => of(row).server),
  });
  const retransmissions = ({ retransmissions: { client, server } }: ConnectionRow): number => client + server;
  return {
    bytes: perSide(({ bytes }) => bytes),
    synRetries: sum(({ synRetries }) => synRetries),
    fastOpen: count(({ fastOpen }) => fastOpen),
    closedInThree: count(({ ending, closeSegments }) => ending === 'closed' && closeSegments === 3),
    keptHalfClosed: count(({ ending, halfClosedNs }) => ending === 'closed' && halfClosedNs !== undefined),
    timeWait: {
      client: count(({ timeWait }) => timeWait.includes('client')),
      server: count(({ timeWait }) => timeWait.includes('server')),
    },
    unacknowledgedAtReset: perSide(({ unacknowledgedAtReset }) => unacknowledgedAtReset),
    timeout: sum(({ timeouts }) => timeouts),
    fast: sum(({ fast }) => fast),
    spurious: sum(({ spurious }) => spurious),
    retransmitting: count((row) => retransmissions(row) > 0),
    outOfOrder: sum(({ outOfOrder }) => outOfOrder),
    duplicateAcks: sum(({ duplicateAcks }) => duplicateAcks),
    keepAlives: sum(({ keepAlives }) => keepAlives),
    windowFull: sum(({ windowFull }) => windowFull),
    gapBytes: sum(({ gapBytes }) => gapBytes),
    lostBytes: sum(({ lostBytes }) => lostBytes),
    acksOfUnseen: sum(({ acksOfUnseen }) => acksOfUnseen),
    handshakes: count(({ handshakeNs }) => handshakeNs !== undefined),
    roundTrips: count(({ rttMinNs }) => rttMinNs !== undefined),
    shortest: Math.min(...rows.map(({ rttMinNs = Number.POSITIVE_INFINITY }) => rttMinNs)),
    midstream: count(({ opening }) => opening === 'midstream'),
    odd: count(({ anomalies }) => anomalies.length > 0) > 0,
  };
}

/** The same of the totals. */
function sumsIn(totals: AnalysisTotals): object {
  const { retransmissions, handshakes, roundTrips, anomalies, openings } = totals;
  const { bytes, synRetries, fastOpen, closedInThree, keptHalfClosed, timeWait } = totals;
  const { unacknowledgedAtReset, outOfOrder, duplicateAcks, keepAlives, windowFull } = totals;
  const { gapBytes, lostBytes, acksOfUnseen } = totals;
  const { timeout, fast, spurious, connections: retransmitting } = retransmissions;
  return {
    ...{ bytes, synRetries, fastOpen, closedInThree, keptHalfClosed, timeWait, unacknowledgedAtReset },
    ...{ timeout, fast, spurious, retransmitting, outOfOrder, duplicateAcks, keepAlives, windowFull },
    ...{ gapBytes, lostBytes, acksOfUnseen },
    handshakes: handshakes?.count ?? 0,
    roundTrips: roundTrips?.count ?? 0,
    shortest: roundTrips?.minNs ?? Number.POSITIVE_INFINITY,
    midstream: openings.midstream,
    odd: anomalies.length > 0,
  };
}

for (const part of PARTS) {
  test(`${part}: totals are the sums of the rows`, async (t) => {
    if (!requireCapability(t, 'corpus', missingCorpus(part))) return;
    for (const name of readdirSync(path.join(CORPUS, part, 'traces'))) {
      const rows: ConnectionRow[] = [];
      const source = await openCaptureSource(path.join(CORPUS, part, 'traces', name));
      const { totals } = await analyzeCapture(source, { onRow: (row) => rows.push(row) });
      t.deepEqual(sumsIn(totals), sumsOf(rows), name);
    }
  });

  test(`${part}: totals are the same where no row is made`, async (t) => {
    if (!requireCapability(t, 'corpus', missingCorpus(part))) return;
    for (const name of readdirSync(path.join(CORPUS, part, 'traces'))) {
      const file = path.join(CORPUS, part, 'traces', name);
      const withRows = await analyzeCapture(await openCaptureSource(file), { onRow: () => undefined });
      const without = await analyzeCapture(await openCaptureSource(file));
      t.deepEqual(without.totals, withRows.totals, name);
      const unpredicted = await analyzeCapture(await openCaptureSource(file), { predict: false });
      t.deepEqual(unpredicted.totals, withRows.totals, name);
    }
  });
}
