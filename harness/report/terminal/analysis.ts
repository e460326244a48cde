import type { Side } from '../../model/connection.ts';
import type { RowEnding } from '../../model/connection-row.ts';

/** What a summary counts; the shape that `analyzeCapture` gives. */
export interface AnalysisCounts {
  readonly frames: number;
  readonly tcpPackets: number;
  readonly connections: number;
  readonly endings: Readonly<Record<RowEnding, number>>;
  readonly closedBy: Readonly<Record<Side, number>>;
  readonly resetBy: Readonly<Record<Side, number>>;
}

/** How the connections of a capture ended, a line an ending that occurred. */
export function renderAnalysisSummary(name: string, counts: AnalysisCounts): string {
  const { closedBy, resetBy, endings } = counts;
  const details: Partial<Record<RowEnding, string>> = {
    closed: `client first ${closedBy.client}, server first ${closedBy.server}`,
    reset: `by the client ${resetBy.client}, by the server ${resetBy.server}`,
  };
  const lines = Object.entries(endings)
    .filter(([, count]) => count > 0)
    .map(([ending, count]) => {
      const detail = details[ending as RowEnding];
      return `${String(count).padStart(10)}  ${ending}${detail === undefined ? '' : ` (${detail})`}`;
    });
  const head = `${name}: ${counts.connections} connections in ${counts.tcpPackets} TCP packets of ${counts.frames} frames`;
  return `${[head, ...lines].join('\n')}\n`;
}
