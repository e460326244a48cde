import { posix } from 'node:path';
import { type ModuleUse, readFacts, type SourceFacts } from './source-facts.ts';

/** A source file: its path from the repository's root, and its text. */
export interface Source {
  readonly path: string;
  readonly text: string;
}

/** What the rules of the architecture say; test/architecture.ts holds the data. */
export interface Layout {
  /** By folder of harness/ (`wire`), or top-level folder (`servers`): the folders and files that it may import. */
  readonly mayImport: Readonly<Record<string, readonly string[]>>;
  /** By pure folder: the node modules and packages that it may import all the same. */
  readonly pure: Readonly<Record<string, readonly string[]>>;
  /** By file right under harness/: what it may import. */
  readonly rootFiles: Readonly<Record<string, readonly string[] | 'anything'>>;
  readonly openToAll: readonly string[];
  readonly openToImpure: readonly string[];
  /** `file → target` or `file re-exports`, allowed against the table. */
  readonly departures: readonly string[];
  /** Files that may import a module whose name they compute. */
  readonly computedImports: readonly string[];
  /** Pure files that may ask for a random number, for nothing that they give depends on which. */
  readonly chance: readonly string[];
  /** The only file that may re-export. */
  readonly publicApi: string;
  readonly timerOwner: string;
}

/** Timers, and what else makes time pass. Also as properties: `socket.setTimeout()` is a timer too. */
const TIMERS: ReadonlySet<string> = new Set(['setTimeout', 'setInterval', 'setImmediate']);
const TIMER_MODULE = /^(node:)?timers(\/.*)?$/;
const PASSES_TIME: ReadonlySet<string> = new Set([
  'AbortSignal.timeout',
  'Atomics.wait',
  'Atomics.waitAsync',
]);

/** What makes a result depend on more than the arguments. */
const IMPURE_GLOBALS: ReadonlySet<string> = new Set([
  'Date.now',
  'new Date()',
  'Date()',
  'performance',
  'process',
  'globalThis',
  'console',
  'fetch',
  'require',
  'Math.random',
  'crypto',
]);

/** Every breach of the layout in one source, in words: `harness/wire/x.ts:3 imports harness/peer/y.ts`. */
export function breachesOf(source: Source, layout: Layout): string[] {
  const facts = readFacts(source.path, source.text);
  return [
    ...importBreaches(source.path, facts, layout),
    ...exportBreaches(source.path, facts, layout),
    ...(source.path === layout.timerOwner ? [] : timerBreaches(source.path, facts)),
    ...(isPure(source.path, layout) ? impureMentions(source.path, facts, layout) : []),
  ];
}

/** Timers in a source, in words; for tests too, which wait for observations and never sleep. */
export function timerBreaches(path: string, { uses, names, globals }: SourceFacts): string[] {
  return [
    ...uses
      .filter(({ specifier = '' }) => TIMER_MODULE.test(specifier))
      .map((use) => says(path, use, 'imports timers')),
    ...names
      .filter(({ name }) => TIMERS.has(name))
      .map((mention) => says(path, mention, `uses ${mention.name}`)),
    ...globals
      .filter(({ name }) => PASSES_TIME.has(name))
      .map((mention) => says(path, mention, `uses ${mention.name}`)),
  ];
}

/** `harness/wire/tcp.ts` belongs to `wire`, `servers/echo.ts` to `servers`, `harness/errors.ts` to none. */
export function folderOf(path: string): string | undefined {
  const [top = '', second = '', third] = path.split('/');
  if (top !== 'harness') return top;
  return third === undefined ? undefined : second;
}

/** The departures that no source needs any more. */
export function staleDepartures(sources: readonly Source[], layout: Layout): string[] {
  const needed = new Set(
    sources.flatMap(({ path, text }) => {
      const { uses, reExports } = readFacts(path, text);
      const imports = uses.map((use) => `${path} → ${targetOf(path, use) ?? ''}`);
      return reExports.length === 0 ? imports : [...imports, `${path} re-exports`];
    }),
  );
  return layout.departures.filter((departure) => !needed.has(departure));
}

function importBreaches(path: string, { uses }: SourceFacts, layout: Layout): string[] {
  return uses.flatMap((use) => {
    if (use.specifier === undefined) {
      return layout.computedImports.includes(path)
        ? []
        : [says(path, use, 'imports a module whose name it computes')];
    }
    const target = targetOf(path, use);
    if (target === undefined) {
      const allowed = layout.pure[folderOf(path) ?? ''];
      if (!isPure(path, layout) || allowed?.includes(use.specifier)) return [];
      return [says(path, use, `is pure and imports ${use.specifier}`)];
    }
    return mayImport(path, target, layout) ? [] : [says(path, use, `imports ${target}`)];
  });
}

/** The path of the imported file from the repository's root; undefined for node modules and packages. */
function targetOf(path: string, { specifier }: ModuleUse): string | undefined {
  return specifier?.startsWith('.') ? posix.normalize(posix.join(posix.dirname(path), specifier)) : undefined;
}

function mayImport(path: string, target: string, layout: Layout): boolean {
  if (layout.departures.includes(`${path} → ${target}`)) return true;
  const own = folderOf(path);
  const allowed = own === undefined ? layout.rootFiles[path] : layout.mayImport[own];
  if (allowed === 'anything') return true;
  if (own !== undefined && folderOf(target) === own) return true;
  if (own !== undefined && layout.openToAll.includes(target)) return true;
  if (own !== undefined && layout.openToImpure.includes(target)) return !isPure(path, layout);
  return (allowed ?? []).some((entry) => isWithin(target, entry));
}

/** An entry of the table is a folder, or one file of a folder. */
function isWithin(target: string, entry: string): boolean {
  const inHarness = `harness/${entry}`;
  return entry.endsWith('.ts') ? target === entry || target === inHarness : folderOf(target) === entry;
}

function exportBreaches(path: string, { reExports }: SourceFacts, layout: Layout): string[] {
  const mayReExport = path === layout.publicApi || layout.departures.includes(`${path} re-exports`);
  const breaches = mayReExport ? [] : reExports.map((use) => says(path, use, 're-exports'));
  const isIndex = posix.basename(path) === 'index.ts' && path !== layout.publicApi;
  return isIndex ? [...breaches, `${path} is an index of a folder`] : breaches;
}

function impureMentions(path: string, { globals }: SourceFacts, { chance }: Layout): string[] {
  return globals
    .filter(({ name }) => IMPURE_GLOBALS.has(name) && !(name === 'Math.random' && chance.includes(path)))
    .map((mention) => says(path, mention, `is pure and uses ${mention.name}`));
}

function isPure(path: string, { pure }: Layout): boolean {
  return Object.hasOwn(pure, folderOf(path) ?? '');
}

function says(path: string, { line }: { readonly line: number }, what: string): string {
  return `${path}:${line} ${what}`;
}
