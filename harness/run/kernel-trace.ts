import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import {
  access,
  constants,
  mkdir,
  open,
  readdir,
  readFile,
  rm,
  rmdir,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { parseTraceLine } from '../kernel/trace-parser.ts';
import type { Damage } from '../model/evidence.ts';
import { startTicksOf } from './process-identity.ts';
import { RunFile } from './run-record.ts';

/** Where tracefs is; nothing is mounted for it. */
const FOLDERS = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'];
const LIMIT_BYTES = 64 * 1024 * 1024;
/** In which sh(1) counts the length of files. */
const BLOCK_BYTES = 512;
const END = 'finwait: the end';
/** So long after it was made an instance that nobody reads is nobody's: its maker takes some ms to read it. */
const YOUNG_MS = 60_000;

/**
 * Reads the instance and holds it by a lifeline, this shell's stdin: at its end, which comes also when finwait is
 * killed, the instance goes. A reader of trace_pipe does not end with the tracing, so it is ended once a mark that was
 * written last has come through it; 2 s at most, since a file that is full takes no mark.
 */
const SUPERVISOR = `
(ulimit -f "$3"; exec cat "$1/trace_pipe") &
exec >/dev/null
read -r _
echo "$4" >"$1/trace_marker"
echo 0 >"$1/tracing_on"
n=0
until tail -c 4096 "$2" | grep -q "$4" || [ $n -ge 200 ]; do n=$((n + 1)); sleep 0.01; done
kill $!
wait $!
rmdir "$1"
`;

/** The kernel's tracepoints, each transition of every TCP socket of the machine, into a file of the run. */
export class KernelTrace {
  readonly #file: string;
  readonly #reader: ReturnType<typeof startReader>;

  private constructor(file: string, reader: ReturnType<typeof startReader>) {
    this.#file = file;
    this.#reader = reader;
  }

  /** @returns undefined where the machine does not grant it */
  static async start(directory: string): Promise<KernelTrace | undefined> {
    const instances = await findInstances();
    const ticks = startTicksOf(process.pid);
    if (instances === undefined || ticks === undefined) return undefined;
    const namespace = pidNamespace();
    await removeStale(instances, namespace);
    const instance = join(instances, `finwait-${process.pid}-${ticks}-${namespace}`);
    try {
      await mkdir(instance);
    } catch {
      return undefined;
    }
    const path = join(directory, RunFile.trace);
    const file = await open(path, 'w', 0o600).catch(() => undefined);
    if (file === undefined) {
      await rmdir(instance);
      return undefined;
    }
    // From here on it goes with us, and only then does it trace.
    const reader = startReader(instance, path, file.fd);
    await file.close();
    const trace = new KernelTrace(path, reader);
    try {
      await enable(instance);
      return trace;
    } catch {
      await trace.stop();
      // A file that is there means that somebody looked.
      await rm(path);
      return undefined;
    }
  }

  /** Everything that was told before is in the file, and the instance gone. */
  async stop(): Promise<Damage[]> {
    this.#reader.lifeline.end();
    await this.#reader.ended;
    const text = await readFile(this.#file, 'utf8');
    let lost = 0;
    for (const line of text.split('\n')) {
      const event = line.startsWith('CPU:') ? parseTraceLine(line) : undefined;
      if (event?.kind === 'lost') lost += event.count;
    }
    const damage: Damage[] = [];
    if (lost > 0)
      damage.push({
        lane: 'kernel',
        kind: 'kernel-drops',
        detail: `${lost} events of tracepoints were lost`,
      });
    if (!text.includes(END))
      damage.push({
        lane: 'kernel',
        kind: 'file-incomplete',
        detail: `the events of tracepoints end early${text.length < LIMIT_BYTES ? '' : `, at ${Math.round(LIMIT_BYTES / 1e6)} MB`}`,
      });
    return damage;
  }
}

async function findInstances(): Promise<string | undefined> {
  for (const folder of FOLDERS) {
    const instances = join(folder, 'instances');
    try {
      await access(instances, constants.W_OK);
      return instances;
    } catch {
      // Not mounted, or not ours to use.
    }
  }
  return undefined;
}

/** Those of finwaits whose readers were killed with them; one that is read is EBUSY, whoever counts its process. */
async function removeStale(instances: string, ours: string): Promise<void> {
  for (const name of await readdir(instances).catch(() => [])) {
    const [, pid, ticks, namespace] = /^finwait-(\d+)-(\d+)-(\d+)$/.exec(name) ?? [];
    if (pid === undefined) continue;
    const path = join(instances, name);
    const isLive =
      namespace === ours
        ? startTicksOf(Number(pid)) === Number(ticks)
        : await isYoung(path).catch(() => true);
    if (!isLive) await rmdir(path).catch(() => undefined);
  }
}

/** Whether it may have been made just now, and be read soon, by a process that we do not see. */
async function isYoung(instance: string): Promise<boolean> {
  return Date.now() - (await stat(instance)).mtimeMs < YOUNG_MS;
}

/** The number of that in which our pid counts. */
function pidNamespace(): string {
  return readlinkSync('/proc/self/ns/pid').replaceAll(/\D/g, '');
}

function startReader(instance: string, path: string, fd: number) {
  const blocks = String(LIMIT_BYTES / BLOCK_BYTES);
  const args = ['-c', SUPERVISOR, 'finwait-trace', instance, path, blocks, END];
  // A process group of its own: Ctrl-C is for the program.
  const reader = spawn('/bin/sh', args, { stdio: ['pipe', fd, 'ignore'], detached: true });
  const lifeline = reader.stdin;
  if (lifeline === null) throw new TypeError('a pipe was asked for');
  lifeline.on('error', () => undefined);
  const ended = once(reader, 'close').catch(() => undefined);
  return { lifeline, ended };
}

async function enable(instance: string): Promise<void> {
  const set = async (name: string, value: string): Promise<void> => {
    await writeFile(join(instance, name), value);
  };
  // The clock of process.hrtime.
  await set('trace_clock', 'mono');
  await set('events/sock/inet_sock_set_state/filter', 'protocol == 6');
  await set('events/sock/inet_sock_set_state/enable', '1');
  const format = await readFile(join(instance, 'events/tcp/tcp_send_reset/format'), 'utf8').catch(() => '');
  if (/\breason;/.test(format)) await set('events/tcp/tcp_send_reset/enable', '1');
}
