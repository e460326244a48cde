import type { Arrow, Coverage, CoveredArrow, CoveredState, Proof } from '../../model/coverage.ts';
import { Table } from './table.ts';
import type { Column } from './table-cells.ts';

/** RFC 9293's diagram as two tables, each state and arrow with what proves it, and the count. */
export function renderCoverage(coverage: Coverage): string {
  const { states, arrows, unreachable, unmet } = coverage;
  const never = unreachable.map((arrow) => `no program reaches ${arrowWords(arrow)}: ${arrow.reason}`);
  const failed = unmet.map(({ scenario, reason }) => `not met, and so no proof: ${scenario}: ${reason}`);
  return [
    tableOf<CoveredState>(states, [
      { name: 'state', kind: 'text', of: ({ state }) => state },
      ...proofColumns(),
    ]),
    tableOf<CoveredArrow>(arrows, [
      { name: 'from', kind: 'text', of: ({ from }) => from },
      { name: 'event', kind: 'text', of: ({ words }) => words },
      { name: 'to', kind: 'text', of: ({ to }) => to },
      { name: 'RFC 9293', kind: 'text', of: ({ section }) => section },
      ...proofColumns(),
    ]),
    [countLine(coverage), ...never, ...failed].map((line) => `${line}\n`).join(''),
  ].join('\n');
}

/** `RFC 9293: 11 of 11 states, 36 of 36 arrows that programs reach, 1 that none does`, and what is missing. */
function countLine({ states, arrows, unreachable }: Coverage): string {
  const proved = (items: readonly { readonly proof?: Proof }[]): number =>
    items.filter(({ proof }) => proof !== undefined).length;
  const missing = [
    ...states.filter(({ proof }) => proof === undefined).map(({ state }) => state),
    ...arrows.filter(({ proof }) => proof === undefined).map(arrowWords),
  ];
  const reached = `${proved(arrows)} of ${arrows.length} arrows that programs reach`;
  const others = unreachable.length === 0 ? '' : `, ${unreachable.length} that none does`;
  const count = `RFC 9293: ${proved(states)} of ${states.length} states, ${reached}${others}`;
  return missing.length === 0 ? count : `${count}; missing: ${missing.join('; ')}`;
}

function arrowWords({ from, words, to }: Arrow): string {
  return `${from} (${words}) to ${to}`;
}

function proofColumns<Row extends { readonly proof?: Proof }>(): readonly Column<Row>[] {
  return [
    { name: 'scenario', kind: 'text', of: ({ proof }) => proof?.scenario },
    { name: 'end', kind: 'text', of: ({ proof }) => proof?.side },
    { name: 'segment', kind: 'text', of: ({ proof }) => proof?.wire },
    { name: 'ss', kind: 'text', of: ({ proof }) => proof?.ss },
    {
      name: 'remark',
      kind: 'text',
      isOptional: true,
      of: ({ proof }) => (proof === undefined ? 'not shown' : proof.remark),
    },
  ];
}

/** As wide as it takes: who looks for a proof wants the whole of it. */
function tableOf<Row>(rows: readonly Row[], columns: readonly Column<Row>[]): string {
  const table = new Table(columns);
  const added = rows.map((row) => table.add(row));
  return [table.header, ...added.map((row) => table.line(row))].map((line) => `${line}\n`).join('');
}
