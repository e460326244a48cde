import { readdirSync, readFileSync } from 'node:fs';
import test from 'ava';
import { readFacts } from './support/source-facts.ts';
import {
  breachesOf,
  folderOf,
  type Layout,
  type Source,
  staleDepartures,
  timerBreaches,
} from './support/source-rules.ts';

/**
 * Who may import whom: the table of CONTRIBUTING.md as data. A folder may always import itself. To change the layout,
 * change this table, the code and a decision record in one commit.
 */
const LAYOUT: Layout = {
  mayImport: {
    model: [],
    wire: ['model'],
    kernel: ['model'],
    node: ['model'],
    captures: ['model', 'wire'],
    peer: ['model', 'node'],
    lab: ['model', 'kernel', 'peer', 'captures'],
    // Header prediction in WebAssembly, and where that keeps what: made for correlate.
    prediction: [],
    correlate: ['model', 'prediction'],
    expect: ['model', 'correlate'],
    diagnose: ['model', 'correlate'],
    report: ['model', 'wire/pcapng-writer.ts'],
    // Takes captures from file to rows.
    analyze: ['model', 'wire', 'correlate'],
    // Joins a verdict to its picture for an assertion's message; the only reader of both.
    assert: ['model', 'expect', 'report'],
    scenario: [
      'model',
      'wire',
      'kernel',
      'node',
      'captures',
      'peer',
      'lab',
      'correlate',
      'expect',
      'diagnose',
    ],
    // Composes the lanes around a program that is not ours, and reads what it left.
    run: ['model', 'wire', 'kernel', 'node', 'captures', 'correlate', 'analyze'],
    runners: ['index.ts'],
    // analyze by itself: its command is not to wait for the rest of the index.
    cli: ['index.ts', 'report', 'analyze'],
    servers: ['peer'],
    clients: ['peer'],
  },
  pure: {
    model: [],
    wire: [],
    prediction: [],
    correlate: [],
    expect: [],
    diagnose: [],
    report: ['node:util', 'node:module', 'string-width'],
  },
  rootFiles: {
    'harness/index.ts': 'anything',
    'harness/errors.ts': [],
    'harness/options.ts': [],
    'harness/timing.ts': ['errors.ts'],
    'harness/install-hint.ts': [],
  },
  openToAll: ['harness/errors.ts', 'harness/options.ts'],
  openToImpure: ['harness/timing.ts', 'harness/install-hint.ts'],
  // Each of these is to go; one that is gone fails the test.
  departures: [],
  // A peer process loads the behaviour that it is told to be, the catalogue whatever is in its folder.
  computedImports: ['harness/peer/child.ts', 'harness/scenario/catalogue.ts'],
  // Seeds, so that nobody can prepare keys that collide.
  chance: ['harness/correlate/prediction-code.ts'],
  publicApi: 'harness/index.ts',
  timerOwner: 'harness/timing.ts',
};

const ROOT = new URL('../../', import.meta.url);
const sources = ['harness', 'servers', 'clients', 'captures'].flatMap(sourcesIn);

function sourcesIn(folder: string): Source[] {
  return readdirSync(new URL(`${folder}/`, ROOT), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({
      path: `${folder}/${name}`,
      text: readFileSync(new URL(`${folder}/${name}`, ROOT), 'utf8'),
    }));
}

test('every source keeps to the layout', (t) => {
  t.true(sources.length > 50);
  t.deepEqual(
    sources.flatMap((source) => breachesOf(source, LAYOUT)),
    [],
  );
});

test('every folder and every root file of harness/ is in the layout', (t) => {
  const unknown = sources
    .map(({ path }) => folderOf(path) ?? path)
    .filter((place) => !Object.hasOwn(LAYOUT.mayImport, place) && !Object.hasOwn(LAYOUT.rootFiles, place));
  t.deepEqual([...new Set(unknown)], []);
});

test('every departure from the layout is still needed', (t) => {
  t.deepEqual(staleDepartures(sources, LAYOUT), []);
});

/** Tests that poll at a pace, because what they wait for tells nobody when it happens. */
const PACED: Readonly<Record<string, string>> = {
  'test/kernel/sampler.ts': 'the end of a process that is not a child',
  'test/support/eventually.ts': 'what procfs, ss or another program shows',
  'test/support/programs/slow-tcpdump.ts': 'nothing: to be slow is what it is for',
};

/** A program whose subject is what happens in which turn of the event loop: it counts turns, no time. */
const COUNTS_TURNS = 'test/support/programs/scripted-sockets.ts';

test('no test sleeps', (t) => {
  const breaches = sourcesIn('test')
    .flatMap(({ path, text }) => timerBreaches(path, readFacts(path, text)))
    .filter((breach) => !(breach.startsWith(COUNTS_TURNS) && breach.endsWith('setImmediate')));
  const paced = sourcesIn('test').filter(({ path, text }) => {
    return readFacts(path, text).names.some(({ name }) => name === 'pace') && !Object.hasOwn(PACED, path);
  });
  t.deepEqual(breaches, []);
  t.deepEqual(
    paced.map(({ path }) => path),
    [],
  );
});

test('scripts sleep neither', (t) => {
  const scripts = readdirSync(new URL('scripts/', ROOT)).filter((name) => name.endsWith('.js'));
  const breaches = scripts.flatMap((name) => {
    const path = `scripts/${name}`;
    return timerBreaches(path, readFacts(path, readFileSync(new URL(path, ROOT), 'utf8')));
  });
  t.true(scripts.length > 0);
  t.deepEqual(breaches, []);
});

/** Source texts that break the layout, each with the breach that must be found in it. */
const BREACHES: readonly (readonly [title: string, path: string, text: string, breach: string])[] = [
  [
    'an import against the table',
    'harness/model/x.ts',
    "import { a } from '../wire/ip.ts';",
    'imports harness/wire/ip.ts',
  ],
  [
    'a type import',
    'harness/wire/x.ts',
    "import type { A } from '../peer/protocol.ts';",
    'imports harness/peer/protocol.ts',
  ],
  ['an import for its effects', 'harness/peer/x.ts', "import '../lab/lab.ts';", 'imports harness/lab/lab.ts'],
  ['a dynamic import', 'harness/peer/x.ts', "await import('../lab/lab.ts');", 'imports harness/lab/lab.ts'],
  [
    'an import in a type',
    'harness/peer/x.ts',
    "let a: import('../lab/lab.ts').Lab;",
    'imports harness/lab/lab.ts',
  ],
  [
    'import = require()',
    'harness/peer/x.ts',
    "import a = require('../lab/lab.ts');",
    'imports harness/lab/lab.ts',
  ],
  ['require()', 'harness/peer/x.ts', "require('../lab/lab.ts');", 'imports harness/lab/lab.ts'],
  [
    'a computed import',
    'harness/peer/x.ts',
    'await import(name);',
    'imports a module whose name it computes',
  ],
  [
    'an import through a template',
    'harness/peer/x.ts',
    'await import(`../${name}.ts`);',
    'imports a module whose name it computes',
  ],
  [
    'a folder that the table does not know',
    'harness/utils/x.ts',
    "import '../model/segment.ts';",
    'imports harness/model/segment.ts',
  ],
  [
    'a program that reaches past peer',
    'servers/x.ts',
    "import '../harness/model/segment.ts';",
    'imports harness/model/segment.ts',
  ],
  [
    'report and any wire file but the writer',
    'harness/report/x.ts',
    "import '../wire/pcap.ts';",
    'imports harness/wire/pcap.ts',
  ],
  [
    'a folder below that goes astray',
    'harness/report/terminal/x.ts',
    "import '../../expect/judge.ts';",
    'imports harness/expect/judge.ts',
  ],
  [
    'a runner that reaches past the index',
    'harness/runners/x.ts',
    "import '../lab/lab.ts';",
    'imports harness/lab/lab.ts',
  ],
  [
    'a root file that imports',
    'harness/errors.ts',
    "import './model/segment.ts';",
    'imports harness/model/segment.ts',
  ],
  ['a pure folder and timing', 'harness/expect/x.ts', "import '../timing.ts';", 'imports harness/timing.ts'],
  [
    'a pure folder and a node module',
    'harness/wire/x.ts',
    "import { readFileSync } from 'node:fs';",
    'is pure and imports node:fs',
  ],
  [
    'a pure folder and a bare node module',
    'harness/wire/x.ts',
    "import net from 'net';",
    'is pure and imports net',
  ],
  [
    'a pure folder and a package',
    'harness/correlate/x.ts',
    "import { execa } from 'execa';",
    'is pure and imports execa',
  ],
  [
    'Date.now() in a pure folder',
    'harness/correlate/x.ts',
    'const now = Date.now();',
    'is pure and uses Date.now',
  ],
  [
    "Date['now'] in a pure folder",
    'harness/correlate/x.ts',
    "const now = Date['now']();",
    'is pure and uses Date.now',
  ],
  [
    'new Date() in a pure folder',
    'harness/report/x.ts',
    'const now = new Date();',
    'is pure and uses new Date()',
  ],
  [
    'new Date in a pure folder',
    'harness/report/x.ts',
    'const now = new Date;',
    'is pure and uses new Date()',
  ],
  [
    'performance in a pure folder',
    'harness/expect/x.ts',
    'const now = performance.now();',
    'is pure and uses performance',
  ],
  [
    'process in a pure folder',
    'harness/model/x.ts',
    'const now = process.hrtime.bigint();',
    'is pure and uses process',
  ],
  ['process, taken apart', 'harness/model/x.ts', 'const { hrtime } = process;', 'is pure and uses process'],
  [
    'chance in a pure folder',
    'harness/model/x.ts',
    'const a = Math.random();',
    'is pure and uses Math.random',
  ],
  ['setTimeout()', 'harness/lab/x.ts', 'setTimeout(() => {}, 5);', 'uses setTimeout'],
  ['a timer as a value', 'captures/x.ts', 'const later = setImmediate;', 'uses setImmediate'],
  ['a timer as a property', 'clients/x.ts', 'globalThis.setInterval(f, 1);', 'uses setInterval'],
  ['a timer by a string', 'clients/x.ts', "globalThis['setInterval'](f, 1);", 'uses setInterval'],
  ['the timers of a socket', 'servers/x.ts', 'socket.setTimeout(100);', 'uses setTimeout'],
  [
    'node:timers/promises',
    'harness/kernel/x.ts',
    "import { scheduler } from 'node:timers/promises';",
    'imports timers',
  ],
  ['timers', 'harness/kernel/x.ts', "import timers from 'timers';", 'imports timers'],
  [
    'AbortSignal.timeout()',
    'harness/kernel/x.ts',
    'const signal = AbortSignal.timeout(5);',
    'uses AbortSignal.timeout',
  ],
  ['Atomics.wait()', 'harness/kernel/x.ts', 'Atomics.wait(cell, 0, 0, 5);', 'uses Atomics.wait'],
  ['export … from', 'harness/model/x.ts', "export { a } from './segment.ts';", 're-exports'],
  ['export * from', 'harness/model/x.ts', "export * from './segment.ts';", 're-exports'],
  ['export type … from', 'harness/model/x.ts', "export type { A } from './segment.ts';", 're-exports'],
];

for (const [title, path, text, breach] of BREACHES) {
  test(`the check finds ${title}`, (t) => {
    t.deepEqual(breachesOf({ path, text: `\n${text}` }, LAYOUT), [`${path}:2 ${breach}`]);
  });
}

test('the check finds an index of a folder', (t) => {
  const breaches = breachesOf({ path: 'harness/model/index.ts', text: '' }, LAYOUT);
  t.deepEqual(breaches, ['harness/model/index.ts is an index of a folder']);
});

test('the check finds a departure that nobody needs any more', (t) => {
  const departures = ['harness/cli/demo.ts → harness/lab/lab.ts'];
  const source = { path: 'harness/cli/demo.ts', text: "import '../index.ts';" };
  t.deepEqual(staleDepartures([source], { ...LAYOUT, departures }), departures);
});

/** Source texts that keep to the layout though a careless check would not think so. */
const INNOCENT: readonly (readonly [title: string, path: string, text: string])[] = [
  ['a comment', 'harness/model/x.ts', "// import '../lab/lab.ts'; setTimeout(f); Date.now()"],
  ['a string', 'harness/model/x.ts', 'const text = "import \'../lab/lab.ts\'; setTimeout(f)";'],
  ['a date made of an argument', 'harness/report/x.ts', 'const date = new Date(atMs);'],
  [
    'a property named like a global',
    'harness/model/x.ts',
    'interface A { process: B } const a = b.process; f({ process: 1 });',
  ],
  ['a folder of its own below', 'harness/report/terminal/x.ts', "import '../json.ts';"],
  ['errors, open to all', 'harness/wire/x.ts', "import '../errors.ts';"],
  ['timing, open to the impure', 'captures/x.ts', "import '../harness/timing.ts';"],
  ['the public API re-exporting', 'harness/index.ts', "export { openLab } from './lab/lab.ts';"],
  ['an export of its own', 'harness/model/x.ts', 'const a = 1; export { a };'],
  ['node:util in report', 'harness/report/x.ts', "import { styleText } from 'node:util';"],
  ['node modules in impure folders', 'servers/x.ts', "import net from 'node:net'; const now = Date.now();"],
  [
    'the owner of timers',
    'harness/timing.ts',
    "import { setTimeout } from 'node:timers/promises'; setTimeout(5);",
  ],
];

for (const [title, path, text] of INNOCENT) {
  test(`the check passes ${title}`, (t) => {
    t.deepEqual(breachesOf({ path, text }, LAYOUT), []);
  });
}
