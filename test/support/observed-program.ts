import { builtFile, ChildProgram, type ChildProgramOptions } from './child-program.ts';
import { FewAtOnce } from './few-at-once.ts';

/** How a program ended, as whoever started it sees it. */
export interface Outcome {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export const REGISTER: string = builtFile('harness/node/register.cjs');

export interface ObservedOptions extends Pick<ChildProgramOptions, 'env' | 'startedBy'> {
  readonly args?: readonly string[];
  /** Where records go. */
  readonly directory?: string;
  /** What is loaded first. */
  readonly preload?: string;
  /** The flag that loads it. @default '--require' */
  readonly by?: '--require' | '--import';
}

/** Runs a program without the observer. */
export async function bare(file: string, options: ObservedOptions = {}): Promise<Outcome> {
  const { args = [], env = {}, startedBy = [] } = options;
  return outcome(file, args, { startedBy, env: { ...env, NODE_OPTIONS: '' } });
}

/** Runs a program as `finwait run` does: the observer comes by NODE_OPTIONS, as children inherit it. */
export async function observed(file: string, options: ObservedOptions = {}): Promise<Outcome> {
  const { args = [], directory, env = {}, startedBy = [], preload = REGISTER, by = '--require' } = options;
  return outcome(file, args, {
    startedBy,
    env: {
      ...env,
      NODE_OPTIONS: `${by} ${preload}`,
      ...(directory !== undefined && { FINWAIT_RECORD_DIR: directory }),
    },
  });
}

const atOnce = new FewAtOnce();

async function outcome(...started: ConstructorParameters<typeof ChildProgram>): Promise<Outcome> {
  return await atOnce.run(async () => {
    await using program = new ChildProgram(...started);
    const { exitCode, signal } = await program.ended();
    return { exitCode, signal, stdout: program.stdout, stderr: program.stderr };
  });
}

const STACK_LINES = 3;

/**
 * What the program wrote on stderr, of each stack the first lines that are not the observer's: its methods stand in the
 * stacks of listeners, and of the ten lines that V8 keeps take one.
 */
export function withoutObserver(stderr: string): string {
  let kept = 0;
  return stderr
    .split('\n')
    .filter((line) => {
      if (!/^\s+at /.test(line)) {
        kept = 0;
        return true;
      }
      if (line.includes('/dist/harness/node/')) return false;
      return ++kept <= STACK_LINES;
    })
    .join('\n')
    .replaceAll(/127\.0\.0\.1:\d+|port: \d+/g, 'ENDS');
}
