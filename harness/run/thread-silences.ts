import type { Silence, ThreadEnd } from '../model/socket-life.ts';
import { RECORD_FILE } from '../node/record-format.ts';

/** What is known of the ends of a run's processes, beside their records. */
export interface KnownEnds {
  /** Names of the records whose threads still ran when the run ended, or now while it lasts. */
  readonly stillRunning: ReadonlySet<string>;
  /** The process that surely no signal ended: the program, when it gave an exit code. */
  readonly exitedPid?: number;
}

interface MainThread {
  readonly name: string;
  readonly start: string;
  ended?: boolean;
  silence?: Silence | undefined;
  lastEventAtNs?: bigint;
}

type Why = Pick<ThreadEnd, 'silence' | 'mainLastEventAtNs'>;

/** Why threads left no last words. */
export class ThreadSilences {
  readonly #known: KnownEnds;
  /** By process id, in order of time: `execve()` begins another in the same process. */
  readonly #mains = new Map<number, MainThread[]>();

  /** @param names of all records */
  constructor(names: readonly string[], known: KnownEnds) {
    this.#known = known;
    for (const name of names) {
      const { pid, threadId, start } = partsOf(name);
      if (threadId !== 0) continue;
      const mains = this.#mains.get(pid) ?? [];
      this.#mains.set(
        pid,
        [...mains, { name, start }].sort((a, b) => compareStarts(a.start, b.start)),
      );
    }
  }

  /** To be asked of every thread once, main threads first. */
  of(name: string, { ended, lastEventAtNs }: { ended: boolean; lastEventAtNs: bigint }): Why {
    const main = this.#mainOf(name);
    if (main?.name === name) {
      const silence = ended ? undefined : this.#ofMain(main);
      Object.assign(main, { ended, silence, lastEventAtNs });
      return silence === undefined ? {} : { silence };
    }
    if (ended) return {};
    const silence = this.#ofWorker(name, main);
    const mayBeKilled = silence === 'worker terminated or process killed';
    return {
      silence,
      ...(mayBeKilled && main?.lastEventAtNs !== undefined && { mainLastEventAtNs: main.lastEventAtNs }),
    };
  }

  /** The same for all threads of one program, and for no other that had or got its process. */
  programOf(name: string): string {
    return this.#mainOf(name)?.name ?? String(partsOf(name).pid);
  }

  #mainOf(name: string): MainThread | undefined {
    const { pid, start } = partsOf(name);
    return this.#mains.get(pid)?.findLast((main) => compareStarts(main.start, start) <= 0);
  }

  #ofMain({ name }: MainThread): Silence | undefined {
    const { stillRunning, exitedPid } = this.#known;
    if (stillRunning.has(name)) return 'still running';
    const { pid } = partsOf(name);
    const wasReplaced = this.#mains.get(pid)?.at(-1)?.name !== name;
    return wasReplaced || pid === exitedPid ? 'record broke off' : undefined;
  }

  #ofWorker(name: string, main: MainThread | undefined): Silence {
    const { stillRunning, exitedPid } = this.#known;
    if (stillRunning.has(name)) return 'still running';
    if (main?.silence === 'record broke off') return main.silence;
    const wasNotKilled =
      main === undefined
        ? partsOf(name).pid === exitedPid
        : main.ended === true || main.silence === 'still running';
    return wasNotKilled ? 'worker terminated' : 'worker terminated or process killed';
  }
}

/** Both in base 36, without leading zeros. */
function compareStarts(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : Number(a > b));
}

function partsOf(name: string): { pid: number; threadId: number; start: string } {
  const [, pid, threadId, start = ''] = RECORD_FILE.exec(name) ?? [];
  return { pid: Number(pid), threadId: Number(threadId), start };
}
