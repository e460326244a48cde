import type { ParseArgsConfig } from 'node:util';
import { FinwaitError } from '../errors.ts';
import type { ExitCode } from './exit-codes.ts';

export type OptionValues = Readonly<Record<string, string | boolean | undefined>>;

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** After the name: `[scenario] [--list]`. */
  readonly synopsis: string;
  /**
   * Whether it takes arguments that are no options. With 'program' the first of them begins another's command line, all
   * of which is passed on as it is. @default false
   */
  readonly positionals?: boolean | 'program';
  /** One line for the list of commands. */
  readonly about: string;
  /** What each option does, a line an option; also what `parseArgs` is given. */
  readonly options: Readonly<
    Record<string, NonNullable<ParseArgsConfig['options']>[string] & { about: string }>
  >;
  readonly run: (values: OptionValues, positionals: readonly string[]) => Promise<ExitCode>;
}

/** An error of the person at the shell: what is wrong, and what to type. */
export function usageError(message: string, hint: string): FinwaitError {
  return new FinwaitError('ERR_FINWAIT_USAGE', message, { hint });
}
