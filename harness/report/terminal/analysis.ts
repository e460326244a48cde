/** What the connections of a capture add up to, a line a subject; subjects of which there is nothing are left out. */
import type { AnalysisTotals, Spread } from '../../model/analysis-totals.ts';
import type { Side } from '../../model/connection.ts';
import type { PerSide, RowEnding } from '../../model/connection-row.ts';
import { printable } from './printable.ts';
import { byteCount, duration } from './time.ts';

/** What a summary tells; the shape that `analyzeCapture` gives. */
export interface AnalysisCounts {
  readonly frames: number;
  readonly tcpPackets: number;
  readonly connections: number;
  readonly endings: Readonly<Record<RowEnding, number>>;
  readonly closedBy: Readonly<Record<Side, number>>;
  readonly resetBy: Readonly<Record<Side, number>>;
  readonly totals: AnalysisTotals;
}

const COUNT_CELLS = 10;
const LABEL_CELLS = 13;
const MOST_ANOMALIES = 12;

/** What a Date can hold, ms each way of the epoch. Source: ECMA-262, "Time Values and Time Range". */
const FURTHEST_DATE_MS = 8_640_000_000_000_000n;

/** A damaged clock may show years that no calendar has. */
function dateText(atNs: bigint): string {
  const ms = atNs / 1_000_000n;
  if (ms > FURTHEST_DATE_MS) return `second ${atNs / 1_000_000_000n} of the epoch`;
  return new Date(Number(ms)).toISOString();
}

/** The whole summary; each line ends with `\n`. */
export function renderAnalysisSummary(name: string, counts: AnalysisCounts): string {
  const head = `${name}: ${plural(counts.connections, 'connection')} in ${counts.tcpPackets} TCP packets of ${counts.frames} frames`;
  if (counts.connections === 0) return `${head}\n`;
  const { totals } = counts;
  const span = `from ${dateText(totals.startNs)}, ${lasting(totals.spanNs)}`;
  const volume = `client ${totals.bytes.client}, server ${byteCount(totals.bytes.server)} of payload`;
  const lines = [head, `  ${span}; ${volume}`, ...endingLines(counts), ...factLines(totals)];
  return `${lines.join('\n')}\n`;
}

/** A line an ending that occurred. */
function endingLines({ endings, closedBy, resetBy, totals }: AnalysisCounts): string[] {
  const { timeWait, unacknowledgedAtReset } = totals;
  const details: Partial<Record<RowEnding, readonly string[]>> = {
    closed: [
      `client first ${closedBy.client}, server first ${closedBy.server}`,
      sides('TIME-WAIT', timeWait),
      counted(totals.closedInThree, 'in three segments'),
      counted(totals.keptHalfClosed, 'half-closed in between'),
    ],
    reset: [
      `by the client ${resetBy.client}, by the server ${resetBy.server}`,
      sides('octets not acknowledged', unacknowledgedAtReset),
    ],
  };
  return Object.entries(endings)
    .filter(([, count]) => count > 0)
    .map(([ending, count]) => {
      const told = (details[ending as RowEnding] ?? []).filter((detail) => detail !== '').join('; ');
      return `${String(count).padStart(COUNT_CELLS)}  ${ending}${told === '' ? '' : ` (${told})`}`;
    });
}

function factLines(totals: AnalysisTotals): string[] {
  return [
    ...line('opened', openings(totals)),
    ...line('handshakes', spread(totals.handshakes)),
    ...line('round trips', spread(totals.roundTrips)),
    ...line('sent again', retransmissions(totals)),
    ...line('windows', windows(totals)),
    ...line('not captured', [
      counted(totals.gapBytes, 'octets that were acknowledged'),
      counted(
        totals.acksOfUnseen,
        totals.acksOfUnseen === 1 ? 'acknowledgement of such' : 'acknowledgements of such',
      ),
      counted(totals.lostBytes, 'octets that were skipped'),
    ]),
    ...anomalyLines(totals),
  ];
}

function openings({ openings, synRetries, fastOpen }: AnalysisTotals): string[] {
  const { handshake, simultaneous, split, midstream, refused, unanswered } = openings;
  const kinds = { handshake, simultaneous, split, refused, unanswered, midstream };
  return [
    ...Object.entries(kinds).map(([kind, count]) => (count === 0 ? '' : `${kind} ${count}`)),
    counted(synRetries, synRetries === 1 ? 'SYN sent again' : 'SYNs sent again'),
    counted(fastOpen, 'with Fast Open'),
  ];
}

function spread(of: Spread | undefined): string[] {
  if (of === undefined) return [];
  if (of.count === 1) return [lasting(of.minNs)];
  return [
    `median ${lasting(of.medianNs)}`,
    `from ${lasting(of.minNs)} to ${lasting(of.maxNs)}`,
    `of ${plural(of.count, 'connection')}`,
  ];
}

function retransmissions(totals: AnalysisTotals): string[] {
  const { timeout, fast, spurious, connections } = totals.retransmissions;
  const all = timeout + fast + spurious;
  const kinds = [
    counted(timeout, 'by time-out'),
    counted(fast, 'fast'),
    counted(spurious, 'spurious'),
  ].filter((kind) => kind !== '');
  return [
    all === 0
      ? ''
      : `${plural(all, 'retransmission')} in ${plural(connections, 'connection')} (${kinds.join(', ')})`,
    counted(totals.outOfOrder, 'out of order'),
    counted(totals.duplicateAcks, totals.duplicateAcks === 1 ? 'duplicate ACK' : 'duplicate ACKs'),
    counted(totals.keepAlives, totals.keepAlives === 1 ? 'keep-alive' : 'keep-alives'),
  ];
}

function windows({ zeroWindow, windowFull }: AnalysisTotals): string[] {
  return [
    zeroWindow.connections === 0
      ? ''
      : `zero in ${plural(zeroWindow.connections, 'connection')}, ${lasting(zeroWindow.ns)} in all`,
    counted(windowFull, windowFull === 1 ? 'segment filled one' : 'segments filled one'),
  ];
}

function anomalyLines({ anomalies }: AnalysisTotals): string[] {
  const shown = anomalies.slice(0, MOST_ANOMALIES).flatMap(({ name, what, connections, example }, index) => {
    const label = index === 0 ? 'odd' : '';
    const words = name === what ? what : `${name}: ${what}`;
    return line(label, [
      `${printable(words)}, in ${plural(connections, 'connection')}${connections > 1 ? ', first' : ''} (${example})`,
    ]);
  });
  const more = anomalies.length - MOST_ANOMALIES;
  return more > 0 ? [...shown, ...line('', [`${more} more kinds`])] : shown;
}

function line(label: string, facts: readonly string[]): string[] {
  const told = facts.filter((fact) => fact !== '');
  return told.length === 0 ? [] : [`  ${label.padEnd(LABEL_CELLS)}${told.join(', ')}`];
}

function counted(count: number, what: string): string {
  return count === 0 ? '' : `${count} ${what}`;
}

function sides(what: string, { client, server }: PerSide): string {
  return client + server === 0 ? '' : `${what}: client ${client}, server ${server}`;
}

function plural(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}

function lasting(ns: number): string {
  return duration(BigInt(Math.round(ns)));
}
