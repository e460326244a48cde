import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { withDeadline } from '../../harness/timing.ts';

export interface ChildProgramOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Run it as this user and group. */
  readonly uid?: number;
  /** A program that starts it, with its arguments: `taskset`. */
  readonly startedBy?: readonly string[];
}

/** Where tsc put a file of this repository: `servers/echo.js`. */
export function builtFile(path: string): string {
  return fileURLToPath(new URL(`../../${path}`, import.meta.url));
}

/** A Node program that a test starts and listens to; ended with the test. */
export class ChildProgram implements AsyncDisposable {
  stdout = '';
  stderr = '';
  readonly #process: ChildProcess;
  readonly #ended: Promise<unknown>;
  /** It has ended, and all that it said is read. */
  #isOver = false;
  #wake: (() => void)[] = [];

  constructor(file: string, args: readonly string[] = [], options: ChildProgramOptions = {}) {
    const { uid, env, cwd, startedBy = [] } = options;
    const [program = process.execPath, ...words] = [...startedBy, process.execPath, file, ...args];
    this.#process = spawn(program, words, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...env },
      ...(cwd !== undefined && { cwd }),
      ...(uid !== undefined && { uid, gid: uid }),
    });
    this.#ended = once(this.#process, 'close');
    for (const stream of ['stdout', 'stderr'] as const) {
      this.#process[stream]?.setEncoding('utf8').on('data', (text: string) => {
        this[stream] += text;
        this.#notify();
      });
    }
    void this.#ended.then(() => {
      this.#isOver = true;
      this.#notify();
    });
  }

  get pid(): number {
    return this.#process.pid ?? -1;
  }

  /** Name of the network namespace that it was started in. */
  readonly network: string = readlinkSync('/proc/self/ns/net');

  get lines(): readonly string[] {
    return this.stdout.split('\n').slice(0, -1);
  }

  /** Resolves with the first line of stdout that matches; rejects when it ends before. */
  async line(pattern: RegExp): Promise<string> {
    const found = async (): Promise<string> => {
      for (;;) {
        const line = this.lines.find((candidate) => pattern.test(candidate));
        if (line !== undefined) return line;
        if (this.#isOver) {
          throw new Error(`ended before ${String(pattern)}: ${this.stdout}${this.stderr}`);
        }
        await new Promise<void>((resolve) => {
          this.#wake.push(resolve);
        });
      }
    };
    const awaited = { what: `a line ${String(pattern)}`, lastSeen: () => this.stdout + this.stderr };
    return await withDeadline(found(), awaited, { timeoutMs: 20_000 });
  }

  kill(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  /** Resolves when it has ended and all it said is read. */
  async ended(): Promise<{ readonly exitCode: number | null; readonly signal: NodeJS.Signals | null }> {
    const awaited = { what: 'the end of a program', lastSeen: () => this.stdout + this.stderr };
    await withDeadline(this.#ended, awaited, { timeoutMs: 20_000 });
    return { exitCode: this.#process.exitCode, signal: this.#process.signalCode };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.kill('SIGKILL');
    await this.#ended;
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
