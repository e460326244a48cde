import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { writeProgram } from './write-program.ts';

/** Tests run from dist/test/support. */
const SETUP = new URL('../../../scripts/setup.js', import.meta.url);
const TOOLS = ['tcpdump', 'ss', 'ip', 'nft', 'unshare', 'nsenter'] as const;
/** An ordinary user whom every Linux has. */
const NOBODY = 65534;

const NPM = `echo "npm $*" >> "$CALLS"
mkdir -p node_modules/typescript/bin node_modules/.bin
cp tsc.cjs node_modules/typescript/bin/tsc
cp bundler node_modules/.bin/rolldown
: > node_modules/.package-lock.json`;

/** Builds what is asked for as tsc would, one output a source, and fails on a source named bad.ts. */
const TSC = `
const fs = require('node:fs');
fs.appendFileSync(process.env.CALLS, 'tsc\\n');
fs.mkdirSync('dist/harness', { recursive: true });
for (const name of fs.readdirSync('harness', { recursive: true })) {
  if (!name.endsWith('.ts') || name.includes('assembly/')) continue;
  if (name === 'bad.ts') { console.log('harness/bad.ts(1,1): error TS1005'); process.exit(1); }
  fs.mkdirSync(require('node:path').dirname('dist/harness/' + name), { recursive: true });
  fs.writeFileSync('dist/harness/' + name.replace(/\\.ts$/, '.js'), '');
}`;

/** Writes the module that setup.js counts among the sources. */
const ASSEMBLE = `
import fs from 'node:fs';
fs.appendFileSync(process.env.CALLS, 'assemble\\n');
fs.mkdirSync('harness/prediction', { recursive: true });
if (fs.existsSync('harness/prediction/assembly/bad.ts')) { console.error('ERROR AS100'); process.exit(1); }
fs.writeFileSync('harness/prediction/code.ts', '');`;

export interface SetupRun {
  readonly exitCode: number | null;
  readonly stderr: string;
  /** What the stubs were called with in this run, in order. */
  readonly calls: readonly string[];
}

/** A clone with one source and stubs for every program that setup.js runs. */
export class TemporaryClone {
  readonly root: string = realpathSync(mkdtempSync(join(tmpdir(), 'finwait-clone-')));
  readonly bin: string = join(this.root, 'bin');

  constructor() {
    this.write('package.json', '{"type":"module","engines":{"node":">=20.19"}}');
    this.write('package-lock.json', '{}');
    this.write('tsconfig.json', '{}');
    this.write('harness/one.ts', '');
    this.write('rolldown.config.js', '');
    this.write('tsc.cjs', TSC);
    writeProgram(this.path('bundler'), '#!/bin/sh\necho rolldown >> "$CALLS"\n');
    this.write('calls', '');
    this.write('scripts/assemble.js', ASSEMBLE);
    copyFileSync(SETUP, join(this.root, 'scripts', 'setup.js'));
    this.stub('npm', NPM);
    for (const program of ['sh', 'env', 'cp', 'mkdir', 'rm']) this.link(program, findProgram(program));
    for (const tool of TOOLS) this.stub(tool, '');
    // Any user may work here: some tests run setup.js as nobody.
    spawnSync('chmod', ['-R', 'a+rwX', this.root]);
  }

  path(name: string): string {
    return join(this.root, name);
  }

  write(name: string, text: string): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    writeFileSync(this.path(name), text);
  }

  has(name: string): boolean {
    return existsSync(this.path(name));
  }

  /** A program on the PATH that runs this shell text; `$CALLS` is the file for notes. */
  stub(name: string, text: string): void {
    writeProgram(join(this.bin, name), `#!/bin/sh\n${text}\n`);
  }

  link(name: string, target: string): void {
    symlinkSync(target, join(this.bin, name));
  }

  /** A package manager that notes its calls and installs the tools asked for. */
  stubManager(name: string, ...installs: readonly string[]): void {
    const copies = installs.map((tool) => `cp "$0" '${join(this.bin, tool)}'`).join('; ');
    this.stub(name, `echo "${name} $*" >> "$CALLS"; case "$*" in *install*|*add*) ${copies || ':'};; esac`);
  }

  run(options: { readonly args?: readonly string[]; readonly asNobody?: boolean } = {}): SetupRun {
    const before = readFileSync(this.path('calls'), 'utf8').length;
    const uid = options.asNobody === true && process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    const { status, stderr } = spawnSync(process.execPath, ['scripts/setup.js', ...(options.args ?? [])], {
      cwd: this.root,
      env: {
        // As npm has it in its scripts.
        PATH: [this.path('node_modules/.bin'), this.bin].join(delimiter),
        CALLS: this.path('calls'),
        FINWAIT_SETUP_SBIN: this.path('sbin'),
      },
      encoding: 'utf8',
      ...uid,
    });
    const calls = readFileSync(this.path('calls'), 'utf8').slice(before).split('\n').filter(Boolean);
    return { exitCode: status, stderr, calls };
  }
}

function findProgram(name: string): string {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? `/bin/${name}`;
}
