import test from 'ava';
import { tableOptions, textOptions } from '../../harness/cli/terminal.ts';

/** Makes this process's stdout a terminal of so many columns. */
function onTerminal<T>(columns: number, run: () => T): T {
  const { stdout } = process;
  const before = Object.getOwnPropertyDescriptors(stdout);
  const has = (value: unknown): PropertyDescriptor => ({ value, configurable: true, writable: true });
  Object.defineProperties(stdout, {
    isTTY: has(true),
    columns: has(columns),
    hasColors: has(() => false),
  });
  try {
    return run();
  } finally {
    for (const name of ['isTTY', 'columns', 'hasColors'] as const) {
      Reflect.deleteProperty(stdout, name);
      const own = before[name as keyof typeof before] as PropertyDescriptor | undefined;
      if (own !== undefined) Object.defineProperty(stdout, name, own);
    }
  }
}

test.serial('a terminal bounds what is drawn by its columns', (t) => {
  t.is(onTerminal(100, () => textOptions({})).columns, 100);
  t.is(onTerminal(100, () => tableOptions({})).width, 100);
});

test.serial(
  'a terminal that nobody told its size says 0: then 80 columns, and tables as wide as they are',
  (t) => {
    const { COLUMNS } = process.env;
    delete process.env['COLUMNS'];
    t.teardown(() => {
      if (COLUMNS !== undefined) process.env['COLUMNS'] = COLUMNS;
    });
    t.is(onTerminal(0, () => textOptions({})).columns, 80);
    t.is(onTerminal(0, () => tableOptions({})).width, undefined);
  },
);
