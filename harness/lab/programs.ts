import { execa } from 'execa';
import { FinwaitError } from '../errors.ts';
import type { AgentEvents, ProgramOptions } from './protocol.ts';

interface Killable {
  kill(signal: NodeJS.Signals): boolean;
}

type Told = Pick<AgentEvents, 'programOutput' | 'programEnded'>;

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
    void subprocess.then(({ exitCode, signal }) => {
      this.#running.delete(programId);
      this.#told.programEnded(programId, exitCode, signal);
    });
  }

  /** Does nothing when the program has ended. */
  signal(programId: number, signal: NodeJS.Signals): void {
    this.#running.get(programId)?.kill(signal);
  }

  stop(): void {
    for (const subprocess of this.#running.values()) subprocess.kill('SIGKILL');
  }
}
