import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import type { Readable, Writable } from 'node:stream';
import { execa, type Options } from 'execa';
import type { CaptureSettings } from './capture-options.ts';
import type { TcpdumpEnd } from './tcpdump-errors.ts';

/**
 * Starts tcpdump and holds it by a lifeline, this shell's stdin. A line there names a signal to pass on; its end,
 * which comes also when the process that holds the other end is killed, ends tcpdump. By itself tcpdump notices
 * that nobody reads it only when it writes its next packet.
 * SIGTERM, since a shell starts its background jobs with SIGINT ignored and tcpdump needs ~25 ms to change that;
 * once set, tcpdump's handler is the same for both. SIGCONT, since a stopped process would not act on it.
 * The shell reaps tcpdump only after the signals, so they cannot hit another process of the same number.
 */
const SUPERVISOR = `
PATH=$PATH:/usr/sbin:/sbin
command -v tcpdump >/dev/null || exit 127
tcpdump "$@" </dev/null &
exec >/dev/null 2>&1
while read -r signal; do kill -s "$signal" $!; done
kill -s TERM $!
kill -s CONT $!
wait $!
`;

/** The flags, without the filter. captures/tcpdump.sh has the same; a test compares them. */
export function tcpdumpFlags({
  interface: device,
  snapLength,
  bufferKiB,
}: Pick<CaptureSettings, 'interface' | 'snapLength' | 'bufferKiB'>): string[] {
  return [
    // Addresses and ports stay numbers: no name lookups, whose packets would be captured too.
    '-n',
    // Each packet is written as it comes, and the kernel hands it over at once instead of a buffer at a time.
    '-U',
    '--immediate-mode',
    '--time-stamp-precision=nano',
    '-i',
    device,
    '-s',
    String(snapLength),
    ...(bufferKiB === undefined ? [] : ['-B', String(bufferKiB)]),
    '-w',
    '-',
  ];
}

export interface TcpdumpProcess {
  /** The pcap stream. */
  readonly stdout: Readable;
  /** Calls back for each line on stderr. */
  onLine(listener: (line: string) => void): void;
  /** What it said last on stderr. */
  readonly stderr: string;
  signal(name: 'USR1'): void;
  /** Lets go of the lifeline: tcpdump ends. */
  release(): void;
  /** Ends it at once; packets that it has not read are lost. */
  kill(): void;
  /** Fulfilled once all output is read and both processes are gone; never rejects. */
  readonly ended: Promise<TcpdumpEnd>;
}

const STDERR_KEPT = 4096;

const SUPERVISED = {
  stdin: 'pipe',
  stderr: 'pipe',
  buffer: false,
  reject: false,
  // The texts of tcpdump-errors.ts are those of the C locale.
  env: { LC_ALL: 'C' },
  // A process group of its own: Ctrl-C must not end the capture before its owner has closed it.
  detached: true,
  cleanup: false,
} as const satisfies Options;

/** Spawns tcpdump under its supervisor; `ended` tells if that failed. */
export function spawnTcpdump(args: readonly string[]): TcpdumpProcess {
  const subprocess = execa({ ...SUPERVISED, stdout: 'pipe' })('/bin/sh', supervised(args));
  // tcpdump's end: the shell has closed its own copy of stdout.
  return { stdout: subprocess.stdout, ...supervise(subprocess, subprocess.stdout) };
}

/** The same with an open file in place of the pipe: what it captures goes there without passing through us. */
export function spawnTcpdumpInto(fd: number, args: readonly string[]): Omit<TcpdumpProcess, 'stdout'> {
  // Not by execa, which takes no file descriptor that is open already.
  const { env } = process;
  const subprocess = spawn('/bin/sh', supervised(args), {
    stdio: ['pipe', fd, 'pipe'],
    env: { ...env, ...SUPERVISED.env },
    detached: true,
  });
  const ended = new Promise<{ exitCode: number | undefined }>((resolve) => {
    subprocess.once('error', () => {
      resolve({ exitCode: undefined });
    });
    subprocess.once('close', (code, signal) => {
      resolve({ exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) });
    });
  });
  const { pid, stdin, stderr } = subprocess;
  if (stdin === null || stderr === null) throw new TypeError('pipes were asked for');
  return supervise({ pid, stdin, stderr, then: ended.then.bind(ended) }, stderr);
}

function supervised(args: readonly string[]): string[] {
  return ['-c', SUPERVISOR, 'finwait-tcpdump', ...args];
}

interface Subprocess extends PromiseLike<{ readonly exitCode?: number | undefined }> {
  readonly pid?: number | undefined;
  readonly stdin: Writable;
  readonly stderr: Readable;
}

/** @param heldByTcpdump a pipe that ends with tcpdump, and not only with its supervisor */
function supervise(subprocess: Subprocess, heldByTcpdump: Readable): Omit<TcpdumpProcess, 'stdout'> {
  const lifeline = subprocess.stdin;
  // EPIPE when the supervisor is gone: `ended` tells that already.
  lifeline.on('error', () => undefined);
  const listeners: ((line: string) => void)[] = [];
  let stderr = '';
  let partial = '';
  subprocess.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-STDERR_KEPT);
    const lines = (partial + text).split('\n');
    partial = lines.pop() ?? '';
    for (const line of lines) for (const listener of listeners) listener(line);
  });
  heldByTcpdump.once('end', () => {
    lifeline.end();
  });
  return {
    onLine: (listener) => void listeners.push(listener),
    get stderr() {
      return stderr;
    },
    signal: (name) => void lifeline.write(`${name}\n`),
    release: () => void lifeline.end(),
    kill: () => {
      // Through the supervisor, which reaps it. When that waits already, nothing less than both will do.
      if (lifeline.writableEnded) killGroup(subprocess.pid);
      else lifeline.end('KILL\n');
    },
    ended: Promise.resolve(subprocess.then(({ exitCode }) => ({ exitCode, stderr }))),
  };
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: it has ended by itself.
  }
}
