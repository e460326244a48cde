import test from 'ava';
import fc from 'fast-check';
import { Table } from '../../harness/report/terminal/table.ts';
import { cellText, type Column, textOf, UNKNOWN } from '../../harness/report/terminal/table-cells.ts';
import { cells, padEndCells, padStartCells } from '../../harness/report/terminal/text.ts';

interface Item {
  readonly name: string;
  readonly size: number | undefined;
}

const COLUMNS: readonly Column<Item>[] = [
  { name: 'name', kind: 'text', of: ({ name }) => name },
  { name: 'size', kind: 'number', of: ({ size }) => size },
];

/** All of it, as it would be printed. */
function renderTable(items: readonly Item[], columns: readonly Column<Item>[]): string {
  const table = new Table(columns);
  const rows = items.map((item) => table.add(item));
  return [table.header, ...rows.map((cells) => table.line(cells)), ''].join('\n');
}

test('columns are as wide as their widest value; numbers stand right, texts left', (t) => {
  const items = [
    { name: 'a', size: 12_345 },
    { name: 'longer', size: 7 },
  ];
  t.is(renderTable(items, COLUMNS), 'name     size\na       12345\nlonger      7\n');
});

test('without rows it is the header', (t) => {
  t.is(renderTable([], COLUMNS), 'name  size\n');
});

test('what is not known is a dash, a flag yes or no, a fraction has three decimals', (t) => {
  const values = [undefined, true, false, 0, 0.4119, 1e9, 'text'];
  t.deepEqual(values.map(cellText), ['-', 'yes', 'no', '0', '0.412', '1000000000', 'text']);
});

test('text from outside cannot steer the terminal, and wide characters keep the columns straight', (t) => {
  const items = [
    { name: 'a\u001B[31m\u202Eb', size: 1 },
    { name: '接続', size: 2 },
  ];
  t.is(renderTable(items, COLUMNS), 'name  size\nab       1\n接続     2\n');
});

const WIDE: readonly Column<Item>[] = [
  { name: 'name', kind: 'text', of: ({ name }) => name },
  { name: 'milliseconds', label: 'took', kind: 'number', unit: 'ms', of: ({ size }) => size },
  { name: 'odd', kind: 'text', isOptional: true, of: () => undefined },
];

function rendered(items: readonly Item[], options: ConstructorParameters<typeof Table>[1]): string {
  const table = new Table(WIDE, options);
  const rows = items.map((item) => table.add(item));
  const lines = [table.header, ...rows.map((cells) => table.line(cells))];
  return [...lines, ...(table.footer === undefined ? [] : [table.footer])].join('\n');
}

test('a label stands for a name, a duration has its unit, and an optional column without values is left out', (t) => {
  t.is(
    rendered(
      [
        { name: 'a', size: 0.4119 },
        { name: 'b', size: 90_000 },
        { name: 'c', size: undefined },
      ],
      {},
    ),
    'name     took\na     0.412ms\nb         90s\nc           -',
  );
});

test('where there is no room, expendable columns go, and a last line names them', (t) => {
  const item = { name: '10.0.0.1:40000', size: 1 };
  t.is(
    rendered([item], { width: 20, expendable: ['milliseconds'] }),
    'name            took\n10.0.0.1:40000   1ms',
  );
  t.is(
    rendered([item], { width: 19, expendable: ['milliseconds'] }),
    'name\n10.0.0.1:40000\n(no room for took: --columns shows any)',
  );
});

test('where none may go, texts are cut in their middle, wide characters too', (t) => {
  const item = { name: '[2001:db8::1]:40000', size: 1 };
  t.is(rendered([item], { width: 18 }), 'name          took\n[2001:…40000   1ms');
  t.is(rendered([item], { width: 18, ascii: true }), 'name          took\n[2001:~40000   1ms');
  const wide = { name: '接続接続接続接続接続', size: 1 };
  t.is(rendered([wide], { width: 16 }).split('\n')[1], '接続…接続   1ms'.replace('接続…接続', '接続…接続 '));
});

/** What the rows of {@link Table} are to be, all of them known at once. */
function laidOut(items: readonly Item[], columns: readonly Column<Item>[]): string[] {
  const texts = items.map((item) => columns.map((column) => textOf(column, column.of(item))));
  const shown = columns.flatMap(({ isOptional }, at) =>
    isOptional === true && texts.every((row) => row[at] === UNKNOWN) ? [] : [at],
  );
  return texts.map((row) =>
    shown
      .map((at) => {
        const { name, label = name, kind } = columns[at] ?? { name: '', kind: 'text' };
        const width = Math.max(label.length, ...texts.map((each) => cells(each[at] ?? '')));
        return kind === 'number' ? padStartCells(row[at] ?? '', width) : padEndCells(row[at] ?? '', width);
      })
      .join('  ')
      .trimEnd(),
  );
}

test('rows are laid out as if all widths had been known when the first of them was added', (t) => {
  const size: Column<Item> = { name: 'size', kind: 'number', of: (item) => item.size };
  const long: Column<Item> = {
    name: 'long',
    kind: 'text',
    isOptional: true,
    of: ({ name }) => (name.length > 5 ? name : undefined),
  };
  const items = fc.array(
    fc.record({
      name: fc.oneof(
        fc.string({ maxLength: 12 }),
        fc.string({ maxLength: 40 }),
        fc.string({ unit: fc.constantFrom('接', '続', 'a', ' ') }),
        fc.string({ unit: 'binary', maxLength: 8 }),
      ),
      size: fc.option(fc.oneof(fc.nat(), fc.double({ noNaN: true, min: 0, max: 1e6 })), { nil: undefined }),
    }),
    { maxLength: 12 },
  );
  const columns = fc.constantFrom<readonly Column<Item>[]>([size, ...WIDE, long], [long, size], [long]);
  const options = fc.constantFrom({}, { width: 30, expendable: ['milliseconds'] }, { width: 12 });
  fc.assert(
    fc.property(items, columns, options, (each, shown, option) => {
      const table = new Table(shown, option);
      const early = each.map((item) => table.add(item));
      // By now every width is known.
      const late = each.map((item) => table.add(item));
      const lines = early.map((row) => table.line(row));
      t.deepEqual(
        lines,
        late.map((row) => table.line(row)),
      );
      if (!('width' in option)) t.deepEqual(lines, laidOut(each, shown));
    }),
  );
});

test('blanks at the end of a text are none of it', (t) => {
  const names = ['ab   ', 'é   ', '0123456789'];
  const told = (each: readonly string[]): string =>
    rendered(
      each.map((name) => ({ name, size: 1 })),
      { width: 14 },
    );
  t.is(told(names), told(names.map((name) => name.trimEnd())));
  t.is(told(['0123456789      ']), told(['0123456789']));
});

test('a wide text does not make other rows wide while they wait', (t) => {
  const table = new Table(COLUMNS);
  const wide = table.add({ name: 'x'.repeat(5000), size: 1 });
  const rows = Array.from({ length: 100 }, (_, size) => table.add({ name: `${size}`, size }));
  t.true(rows.every((row) => row.length < 50));
  t.is(table.line(wide).length, 5006);
  t.is(table.line(rows[7] ?? ''), `7${' '.repeat(5004)}7`);
});

test('a column that has its first value late stands in the rows before, too', (t) => {
  const columns: readonly Column<Item>[] = [
    {
      name: 'odd',
      kind: 'text',
      isOptional: true,
      of: ({ size }) => (size === undefined ? 'yes' : undefined),
    },
    ...COLUMNS,
  ];
  const items = [
    { name: 'a', size: 1 },
    { name: 'b', size: undefined },
    { name: 'c', size: 3 },
  ];
  t.is(renderTable(items, columns), 'odd  name  size\n-    a        1\nyes  b        -\n-    c        3\n');
});
