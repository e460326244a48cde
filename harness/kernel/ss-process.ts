import { readFileSync } from 'node:fs';
import { execa, type Options, type ResultPromise } from 'execa';
import { FinwaitError } from '../errors.ts';
import type { SampledSnapshot } from './sampler.ts';
import { parseSs } from './ss-parser.ts';

/** Longer than a process name can be (15 bytes), the only free text in what `ss` prints. */
const END_OF_SAMPLE = 'finwait-end-of-sample';

/**
 * One shell for all samples: from Node a spawn costs 4–17 ms, from a loop in a shell 3 ms. Two thirds of that is
 * `ss` loading its libraries, so the next `ss` is started ahead and waits for its filter (`-F -`): 1.9 ms.
 * It reads the kernel only once the filter has come. The end of the input ends the whole process group, so it cannot
 * outlive us, however we die. An ordinary user's PATH may lack sbin, where Alpine keeps `ss`.
 */
const loopOf = (flags: string): string => `
exec 2>&1
PATH=$PATH:/usr/sbin:/sbin LC_ALL=C; export PATH LC_ALL
command -v ss >/dev/null || exit 127
echo ${END_OF_SAMPLE} 0
while :; do
  { IFS= read -r filter || kill 0; printf '%s\\n' "$filter"; } |
  { ss ${flags} -F -; echo ${END_OF_SAMPLE} $?; } || echo ${END_OF_SAMPLE} $?
done`;

const PROCESS_OPTIONS = {
  stdin: 'pipe',
  stdout: 'pipe',
  stderr: 'ignore',
  buffer: false,
  reject: false,
  // A Ctrl-C in the terminal is for the program that is watched; its last states are still wanted then.
  detached: true,
} as const satisfies Options;

interface Answer {
  readonly exitCode: number;
  readonly output: string;
}

interface Request {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: FinwaitError) => void;
}

/** A shell that answers one sample after another, all with the same flags of `ss`. */
export class SsProcess {
  /** The shell says by a first, empty sample that it found `ss`. */
  readonly ready: Promise<unknown>;
  readonly #process: ResultPromise<typeof PROCESS_OPTIONS>;
  readonly #ended: Promise<void>;
  /** Settled when the shell is free for the next request. */
  #free: Promise<unknown>;
  #asked: Request | undefined;
  /** What an `ss` said that ended before it was asked; the next request meets it. */
  #early: Answer | undefined;
  #output = '';
  #failure: FinwaitError | undefined;

  constructor(flags: string, enter: readonly string[]) {
    const [program, ...args] = [...enter, 'sh', '-c', loopOf(flags)];
    this.#process = execa(PROCESS_OPTIONS)(program, args);
    this.ready = this.#answer();
    this.#free = this.ready.catch(() => undefined);
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#read(text);
    });
    // Writing to a shell that has just ended; #watchEnd tells why it ended.
    this.#process.stdin.on('error', () => undefined);
    this.#ended = this.#watchEnd();
  }

  /** Of the shell and of all that it has waited for. 0 once it is gone. */
  cpuTimeMs(): number {
    try {
      const stat = readFileSync(`/proc/${this.#process.pid ?? 0}/stat`, 'utf8');
      // proc_pid_stat(5): utime, stime, cutime and cstime are fields 14 to 17; the name, field 2, may hold spaces.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) * MS_PER_TICK;
    } catch {
      return 0;
    }
  }

  /** @param filter in the words of `ss`; empty for every socket */
  async sample(filter: string): Promise<SampledSnapshot> {
    const taken = this.#free.then(() => this.#take(filter));
    this.#free = taken.catch(() => undefined);
    return await taken;
  }

  async stop(): Promise<void> {
    this.#fail(new FinwaitError('ERR_FINWAIT_SOCKET_SAMPLING', 'the socket sampler was stopped'));
    this.#process.stdin.end();
    await this.#ended;
  }

  async #take(filter: string): Promise<SampledSnapshot> {
    if (this.#failure !== undefined) throw this.#failure;
    const early = this.#early;
    this.#early = undefined;
    const startedAtNs = process.hrtime.bigint();
    if (early !== undefined) {
      this.#process.stdin.write('\n');
      throw samplingError(`ss ended before it was asked, with code ${early.exitCode}`, early.output);
    }
    const answered = this.#answer();
    this.#process.stdin.write(`${filter}\n`);
    const { exitCode, output } = await answered;
    const endedAtNs = process.hrtime.bigint();
    if (exitCode !== 0) throw samplingError(`ss exited with code ${exitCode}`, output);
    return { startedAtNs, endedAtNs, ...parseSs(output) };
  }

  async #answer(): Promise<Answer> {
    return await new Promise<Answer>((resolve, reject) => {
      this.#asked = { resolve, reject };
    });
  }

  #read(text: string): void {
    this.#output += text;
    const end = END_LINE.exec(this.#output.slice(-END_LINE_MAX_LENGTH));
    if (end === null) return;
    const output = this.#output.slice(0, -end[0].length);
    this.#output = '';
    const answer = { exitCode: Number(end[1]), output };
    if (this.#asked === undefined) this.#early = answer;
    else this.#asked.resolve(answer);
    this.#asked = undefined;
  }

  async #watchEnd(): Promise<void> {
    // The ss that waits for its filter holds the pipes of a shell that was killed; the end of its input ends it, too.
    this.#process.once('exit', () => this.#process.stdin.destroy());
    const { exitCode, signal, code } = await this.#process;
    if (exitCode === 127 || code === 'ENOENT') this.#fail(toolMissing(code === 'ENOENT' ? 'sh' : 'ss'));
    else
      this.#fail(
        samplingError(`the sampling shell ended (${signal ?? `code ${exitCode ?? '?'}`})`, this.#output),
      );
  }

  #fail(error: FinwaitError): void {
    this.#failure ??= error;
    this.#asked?.reject(this.#failure);
    this.#asked = undefined;
  }
}

/** USER_HZ, which Linux fixes at 100. */
const MS_PER_TICK = 10;

const END_LINE = new RegExp(`${END_OF_SAMPLE} (\\d+)\\n$`);
const END_LINE_MAX_LENGTH = END_OF_SAMPLE.length + ' 255\n'.length;

function samplingError(what: string, output: string): FinwaitError {
  const said = output.trim();
  return new FinwaitError('ERR_FINWAIT_SOCKET_SAMPLING', said === '' ? what : `${what}: ${said}`);
}

function toolMissing(tool: string): FinwaitError {
  return new FinwaitError(
    'ERR_FINWAIT_TOOL_MISSING',
    `cannot list sockets: there is no "${tool}" on the PATH`,
    {
      hint: 'Install iproute2 (apt-get install iproute2, apk add iproute2, dnf install iproute).',
    },
  );
}
