import { execa } from 'execa';
import { FinwaitError, isFinwaitError } from '../errors.ts';
import { withDeadline } from '../timing.ts';
import type { AgentEvents, ProgramOptions } from './protocol.ts';

interface Killable {
  kill(signal: NodeJS.Signals): boolean;
}

type Told = Pick<AgentEvents, 'programOutput' | 'programEnded'>;

const OUTPUT_MS = 1000;

/** Programs of the user's own that run in the lab's network. */
export class Programs {
  readonly #told: Told;
  readonly #running = new Map<number, Killable>();

  constructor(told: Told) {
    this.#told = told;
  }

  spawn(programId: number, { command, args, cwd, env }: ProgramOptions): void {
    const subprocess = execa(command, args, {
      ...(cwd !== undefined && { cwd }),
      ...(env !== undefined && { env }),
      stdin: 'ignore',
      buffer: false,
      reject: false,
      cleanup: true,
    });
    if (subprocess.pid === undefined) {
      throw new FinwaitError('ERR_FINWAIT_TOOL_MISSING', `${command} could not be started in the lab`, {
        hint: `Check that ${command} is on the PATH and may be executed.`,
      });
    }
    this.#running.set(programId, subprocess);
    for (const stream of ['stdout', 'stderr'] as const) {
      subprocess[stream].setEncoding('utf8').on('data', (text: string) => {
        this.#told.programOutput(programId, stream, text);
      });
    }
    subprocess.once('exit', (exitCode, signal) => {
      this.#running.delete(programId);
      void this.#tellEnd(programId, subprocess, exitCode ?? undefined, signal ?? undefined);
    });
  }

  /** All that it printed comes before its end; but children of its own may hold its output open for ever. */
  async #tellEnd(
    programId: number,
    outputRead: Promise<unknown>,
    exitCode: number | undefined,
    signal: string | undefined,
  ): Promise<void> {
    try {
      await withDeadline(outputRead, { what: 'the end of its output' }, { timeoutMs: OUTPUT_MS });
    } catch (error) {
      if (!isFinwaitError(error)) throw error;
    }
    this.#told.programEnded(programId, exitCode, signal);
  }

  /** Does nothing when the program has ended. */
  signal(programId: number, signal: NodeJS.Signals): void {
    this.#running.get(programId)?.kill(signal);
  }

  stop(): void {
    for (const subprocess of this.#running.values()) subprocess.kill('SIGKILL');
  }
}
