import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { basename } from 'node:path';
import { pace } from '../timing.ts';
import { startTicksOf } from './process-identity.ts';
import type { UnobservedProcess } from './run-record.ts';

const LOOK_MS = 1000;
const NODE_NAME = /^node(js)?[\d.-]*( \(deleted\))?$/;

interface SeenProcess extends UnobservedProcess {
  readonly startTicks: number;
  /** Surely Node: between fork and exec a child of Node looks like it, but not for two looks. */
  isSure: boolean;
}

/** Which processes of a program's tree run Node, to be held against those that left a record. */
export class NodeProcesses {
  readonly #seen = new Map<number, SeenProcess>();

  /** Looks now, when the program has just begun, and once a second. */
  async watch(program: number, over: AbortSignal): Promise<void> {
    this.#see(program, true);
    while (!over.aborted) {
      await pace(LOOK_MS, over).catch(() => undefined);
      for (const pid of descendants(program)) this.#see(pid, false);
    }
  }

  /** @param recorded processes that left a record */
  without(recorded: ReadonlySet<number>): UnobservedProcess[] {
    return [...this.#seen.values()]
      .filter(({ pid, isSure }) => isSure && !recorded.has(pid))
      .map(({ pid, command }) => ({ pid, command }));
  }

  #see(pid: number, isSure: boolean): void {
    const startTicks = startTicksOf(pid);
    if (startTicks === undefined) return;
    const known = this.#seen.get(pid);
    try {
      if (!NODE_NAME.test(basename(readlinkSync(`/proc/${pid}/exe`)))) {
        this.#seen.delete(pid);
        return;
      }
      if (known?.startTicks === startTicks) known.isSure = true;
      else this.#seen.set(pid, { pid, command: commandOf(pid), startTicks, isSure });
    } catch {
      // It has ended, or is another user's.
    }
  }
}

function commandOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1);
}

/** A process and what it started, and so on; what it left behind when it ended is no longer among them. */
function descendants(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(descendants)];
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) => childrenOfThread(pid, thread));
  } catch {
    return [];
  }
}

/** Empty for a thread that has just ended, and where the kernel does not tell (CONFIG_PROC_CHILDREN). */
function childrenOfThread(pid: number, thread: string): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8');
    return children.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
