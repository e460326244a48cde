/** The rows of `analyze` beside tshark's streams: in order of their first packets, both. */
import { analyzeCapture } from '../../harness/analyze/analyze-capture.ts';
import { openCaptureSource } from '../../harness/analyze/capture-source.ts';
import type { ConnectionRow } from '../../harness/model/connection-row.ts';
import type { StreamVerdict } from '../correlate/_wireshark-tshark.ts';

/** What a row and a stream both say; the names are tshark's. */
const SAID: Readonly<Record<string, (row: ConnectionRow) => number>> = {
  RETRANSMISSION: ({ retransmissions }) => retransmissions.client + retransmissions.server,
  SPURIOUS_RETRANSMISSION: ({ spurious }) => spurious,
  FAST_RETRANSMISSION: ({ fast }) => fast,
  OUT_OF_ORDER: ({ outOfOrder }) => outOfOrder,
  DUPLICATE_ACK: ({ duplicateAcks }) => duplicateAcks,
  KEEP_ALIVE: ({ keepAlives }) => keepAlives,
  ZERO_WINDOW: ({ zeroWindows }) => zeroWindows,
  WINDOW_FULL: ({ windowFull }) => windowFull,
  ACK_LOST_SEGMENT: ({ acksOfUnseen }) => acksOfUnseen,
};

export async function rowsOf(capture: string): Promise<ConnectionRow[]> {
  const rows: ConnectionRow[] = [];
  await analyzeCapture(await openCaptureSource(capture), { onRow: (row) => rows.push(row) });
  return rows.sort((a, b) => a.id - b.id);
}

/** Where the rows say otherwise than the streams, in words. */
export function rowDifferences(
  rows: readonly ConnectionRow[],
  streams: ReadonlyMap<number, StreamVerdict>,
): string[] {
  if (rows.length !== streams.size) return [`${rows.length} rows, ${streams.size} streams`];
  return [...streams.values()].flatMap((stream, index) => {
    const row = rows[index];
    if (row === undefined) return [];
    const facts = Object.entries(SAID).map(([name, of]) => {
      return [name, (stream.counts[`0 ${name}`] ?? 0) + (stream.counts[`1 ${name}`] ?? 0), of(row)] as const;
    });
    return [['completeness', stream.completeness, row.completeness] as const, ...facts]
      .filter(([, theirs, ours]) => theirs !== ours)
      .map(([name, theirs, ours]) => `row ${row.id}: ${name} ${ours}, tshark ${theirs}`);
  });
}
