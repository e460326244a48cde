import test from 'ava';
import { cellText, type Column, Table } from '../../harness/report/terminal/table.ts';

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
