import type { BirpcReturn } from 'birpc';
import { FinwaitError, isFinwaitError } from '../errors.ts';
import { type WaitOptions, withDeadline } from '../timing.ts';
import type { LabEvents } from './lab-events.ts';
import type { Program } from './program.ts';
import type { AgentEvents, AgentFunctions, ProgramOptions } from './protocol.ts';
import { Waiters } from './waiters.ts';

type End = Awaited<Program['ended']>;

/** The lab's side of a {@link Program}. */
export class LabProgram implements Program {
  readonly output = { stdout: '', stderr: '' };
  readonly ended: Promise<End>;
  readonly #id: number;
  readonly #command: string;
  readonly #agent: BirpcReturn<AgentFunctions, AgentEvents>;
  readonly #events: LabEvents;
  #end: End | undefined;
  #resolveEnded: (end: End) => void = () => undefined;
  readonly #waiters = new Waiters();

  constructor(
    id: number,
    command: string,
    agent: BirpcReturn<AgentFunctions, AgentEvents>,
    events: LabEvents,
  ) {
    this.#id = id;
    this.#command = command;
    this.#agent = agent;
    this.#events = events;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  /** Listens before it starts: a short program may have ended before the answer is back. */
  async start(options: ProgramOptions): Promise<void> {
    this.#events.onProgram(this.#id, {
      output: (stream, text) => {
        this.output[stream] += text;
        this.#waiters.wakeAll();
      },
      ended: (exitCode, signal) => {
        this.#end = { exitCode, signal };
        this.#resolveEnded(this.#end);
        this.#waiters.wakeAll();
      },
    });
    try {
      await withDeadline(this.#agent.spawn(this.#id, options), { what: `the start of ${this.#command}` });
    } catch (error) {
      this.#events.offProgram(this.#id);
      throw error;
    }
  }

  async line(pattern: RegExp, options: WaitOptions = {}): Promise<string> {
    const awaited = {
      what: `a line of ${this.#command} that matches ${String(pattern)}`,
      lastSeen: () => this.#printed(),
    };
    return await withDeadline(this.#findLine(pattern), awaited, options);
  }

  async signal(name: NodeJS.Signals): Promise<void> {
    await withDeadline(this.#agent.signalProgram(this.#id, name), { what: `${name} to ${this.#command}` });
  }

  async stop(): Promise<void> {
    if (this.#end === undefined) await this.signal('SIGTERM');
    try {
      await withDeadline(this.ended, { what: `the end of ${this.#command}` });
    } catch (error) {
      if (!isFinwaitError(error)) throw error;
      await this.signal('SIGKILL');
      await this.ended;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #findLine(pattern: RegExp): Promise<string> {
    for (;;) {
      const lines = this.output.stdout.split('\n');
      // The last may still grow, unless the program has ended. search(), since test() of a /g pattern remembers.
      const whole = this.#end === undefined ? lines.slice(0, -1) : lines;
      const found = whole.find((line) => line.search(pattern) !== -1);
      if (found !== undefined) return found;
      if (this.#end !== undefined) {
        throw new FinwaitError(
          'ERR_FINWAIT_PROCESS_ENDED',
          `${this.#command} ended before a line matched ${String(pattern)}; it printed: ${this.#printed()}`,
        );
      }
      await this.#waiters.wait();
    }
  }

  #printed(): string {
    return `${this.output.stdout}${this.output.stderr}`.trim() || 'nothing';
  }
}
