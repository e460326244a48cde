/**
 * Makes a fresh clone ready: system tools, npm packages, build. Every npm script runs it first, so it says and does
 * nothing when nothing has changed. Node built-ins only: it runs before anything is installed.
 *
 *   node scripts/setup.js [--no-tools] [--no-build]
 *
 * Exit codes: 0 ready; 1 npm or the build failed; 3 something must be installed by hand, and the command is printed.
 */
import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const SOURCE_FOLDERS = ['harness', 'servers', 'clients', 'captures', 'test', 'bench'];
// AssemblyScript, which tsc does not compile, and what is made of it.
const ASSEMBLY = 'harness/prediction/assembly/';
const ASSEMBLED = 'harness/prediction/code.ts';
// What was installed (the lock file) and built (each source's time and size), as text to compare with.
const INSTALL_STAMP = join(ROOT, 'node_modules', '.finwait-install');
const BUILD_STAMP = join(ROOT, 'dist', '.finwait-build');
const NPM_BIN = join('node_modules', '.bin');
const FAILED = 1;
const NEEDS_HANDS = 3;

checkNode();
if (!process.argv.includes('--no-tools')) installTools();
installPackages();
if (!process.argv.includes('--no-build')) build();

function checkNode() {
  const { engines } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const least = engines.node.replace('>=', '').split('.').map(Number);
  const here = process.versions.node.split('.').map(Number);
  const newEnough = here[0] > least[0] || (here[0] === least[0] && here[1] >= least[1]);
  if (newEnough) return;
  stop(NEEDS_HANDS, `Node ${process.versions.node} is too old: finwait needs ${engines.node}.`);
}

/** What finwait runs, and the package that holds it. */
function installTools() {
  const tools = {
    tcpdump: 'tcpdump',
    ss: 'iproute2',
    ip: 'iproute2',
    nft: 'nftables',
    unshare: 'util-linux',
    nsenter: 'util-linux',
  };
  const missing = () => Object.keys(tools).filter((tool) => find(tool) === undefined);
  const absent = missing();
  if (absent.length === 0) return;
  const packages = [...new Set(absent.map((tool) => tools[tool]))];
  const manager = packageManager(packages);
  if (manager === undefined) {
    const problem = `${absent.join(', ')} not found, and no apt-get, apk or dnf to install them with.`;
    stop(NEEDS_HANDS, `${problem}\nInstall these packages, then try again: ${packages.join(' ')}`);
  }
  const { prepare, install } = manager;
  const command = prepare === undefined ? install : `${prepare} && ${install}`;
  const prefix = becomeRoot();
  if (prefix === undefined) {
    const typed = command.replace(/(^|&& )/g, '$1sudo ');
    stop(NEEDS_HANDS, `${absent.join(', ')} not found. Type this, then try again:\n  ${typed}`);
  }
  const run = prefix === '' ? command : `${prefix} sh -c '${command}'`;
  // A broken third-party source fails the update and need not concern our packages.
  const attempt = prepare === undefined ? install : `${prepare}; ${install}`;
  act(
    `installing ${packages.join(', ')}`,
    [...prefix.split(' ').filter(Boolean), 'env', 'DEBIAN_FRONTEND=noninteractive', 'sh', '-c', attempt],
    { code: NEEDS_HANDS, command: run },
  );
  const still = missing();
  if (still.length > 0) {
    stop(NEEDS_HANDS, `${still.join(', ')} not found, though this succeeded:\n  ${run}`);
  }
}

/** The first one of this machine. */
function packageManager(packages) {
  const names = packages.join(' ');
  const fedoraNames = names.replace('iproute2', 'iproute');
  const managers = {
    'apt-get': {
      prepare: 'apt-get update',
      install: `apt-get install -y --no-install-recommends -o DPkg::Lock::Timeout=60 ${names}`,
    },
    apk: { install: `apk add ${names}` },
    dnf: { install: `dnf install -y ${fedoraNames}` },
    microdnf: { install: `microdnf install -y ${fedoraNames}` },
  };
  const name = Object.keys(managers).find((candidate) => find(candidate) !== undefined);
  return name === undefined ? undefined : managers[name];
}

/** What to put before a command so that root runs it; undefined when that needs a password. */
function becomeRoot() {
  if (process.getuid() === 0) return '';
  if (find('sudo') === undefined) return undefined;
  return spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status === 0 ? 'sudo -n' : undefined;
}

function find(tool) {
  // An ordinary user's PATH may lack the folders where Debian keeps tcpdump and nft.
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...sbin()];
  for (const folder of folders) {
    // npm puts it on the PATH of its scripts, and ava brings a program there that is called nft.
    if (folder.endsWith(NPM_BIN)) continue;
    const path = join(folder, tool);
    try {
      accessSync(path, constants.X_OK);
      // Busybox's ip, unshare and nsenter lack the options that finwait needs.
      if (basename(realpathSync(path)) !== 'busybox') return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

/** The tests point this elsewhere, or this machine's own tools would be found. */
function sbin() {
  return (process.env.FINWAIT_SETUP_SBIN ?? '/usr/local/sbin:/usr/sbin:/sbin').split(delimiter);
}

function installPackages() {
  const modules = join(ROOT, 'node_modules');
  // A linked node_modules (a git worktree's) belongs to another folder, which looks after it.
  if (lstatSync(modules, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  const lock = join(ROOT, 'package-lock.json');
  const wanted = readFileSync(lock, 'utf8');
  if (read(INSTALL_STAMP) === wanted) return;
  // Someone typed `npm ci` or `npm install`: npm leaves this file, newer than the lock file that it followed.
  const installed = statSync(join(modules, '.package-lock.json'), { throwIfNoEntry: false });
  if (
    read(INSTALL_STAMP) !== undefined ||
    installed === undefined ||
    installed.mtimeMs < statSync(lock).mtimeMs
  ) {
    act('installing npm packages', ['npm', 'ci', '--include=dev', '--loglevel=warn'], {
      code: FAILED,
      command: 'npm ci',
    });
  }
  writeFileSync(INSTALL_STAMP, wanted);
}

function build() {
  const sources = SOURCE_FOLDERS.flatMap((folder) => filesIn(folder)).filter(
    (path) => /\.c?ts$/.test(path) && path !== ASSEMBLED,
  );
  const settings = ['tsconfig.json', 'rolldown.config.js', 'package.json', 'package-lock.json'];
  const wanted = [...sources, 'scripts/assemble.js', ...settings]
    .map((path) => {
      const { mtimeMs, size } = statSync(join(ROOT, path));
      return `${path} ${mtimeMs} ${size}\n`;
    })
    .join('');
  if (read(BUILD_STAMP) === wanted && existsSync(join(ROOT, ASSEMBLED))) return;
  act('assembling', [process.execPath, join('scripts', 'assemble.js')], {
    code: FAILED,
    command: 'node scripts/assemble.js',
  });
  removeOrphans([...sources.filter((path) => !path.startsWith(ASSEMBLY)), ASSEMBLED]);
  act('building', [process.execPath, join('node_modules', 'typescript', 'bin', 'tsc'), '-p', '.'], {
    code: FAILED,
    command: 'npx tsc -p .',
  });
  // rolldown.config.js says why.
  act('bundling', [join('node_modules', '.bin', 'rolldown'), '-c', 'rolldown.config.js'], {
    code: FAILED,
    command: 'npx rolldown -c rolldown.config.js',
  });
  writeFileSync(BUILD_STAMP, wanted);
}

/**
 * Removes what was built from sources that are gone. When an output of a remaining source is gone instead, removes
 * tsc's notes too: they would make it believe that the output is there.
 */
function removeOrphans(sources) {
  const outputs = new Set(
    sources.flatMap((path) => {
      // register.cts: register.cjs, register.d.cts.
      const [, stem, c] = /^(.*)\.(c?)ts$/.exec(path);
      return stem.endsWith('.d') ? [] : [`${stem}.${c}js`, `${stem}.${c}js.map`, `${stem}.d.${c}ts`];
    }),
  );
  const built = new Set(filesIn('dist').map((path) => path.slice('dist/'.length)));
  for (const path of built) {
    if (/\.(d\.c?ts|c?js\.map|c?js)$/.test(path) && !outputs.has(path)) rmSync(join(ROOT, 'dist', path));
  }
  const complete = [...outputs].every((path) => !/\.c?js$/.test(path) || built.has(path));
  if (!complete) rmSync(join(ROOT, 'dist', '.tsbuildinfo'), { force: true });
}

/** Paths of all files below a folder of the clone, relative to the clone. */
function filesIn(folder) {
  if (!existsSync(join(ROOT, folder))) return [];
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    return entry.isDirectory() ? filesIn(path) : [path];
  });
}

function read(path) {
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
}

/** Runs a command with one line on stderr: what, and how long it took. Its output is shown only when it fails. */
function act(what, [program, ...args], { code, command }) {
  process.stderr.write(`finwait: ${what}… `);
  const startedAt = performance.now();
  const result = spawnSync(program, args, {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (result.status === 0) {
    process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(1)} s\n`);
    return;
  }
  const output = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error?.message ?? ''}`;
  const tail = output.trimEnd().split('\n').slice(-30).join('\n');
  stop(code, `failed\n${tail}\nfinwait: to see it all, type:\n  ${command}`, '');
}

function stop(code, message, prefix = 'finwait: ') {
  process.stderr.write(`${prefix}${message}\n`);
  process.exit(code);
}
