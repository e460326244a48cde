import { constants } from 'node:os';
import { relative } from 'node:path';
import { type FinwaitErrorCode, isFinwaitError } from '../errors.ts';
import {
  isInPrivateNetwork,
  type LiveEvent,
  parseWhere,
  privateCommand,
  type ProgramEnd,
  readRun,
  type RowTest,
  runProgram,
  runToEnd,
} from '../index.ts';
import { renderLiveLine } from '../report/terminal/live-line.ts';
import { renderRunReport } from '../report/terminal/run-report.ts';
import { type Command, type OptionValues, usageError } from './command.ts';
import { ExitCode } from './exit-codes.ts';
import { SpareSignal } from './spare-signal.ts';
import { errorTextOptions, say } from './terminal.ts';

/** As shells have them. */
const NOT_STARTED: Readonly<Partial<Record<FinwaitErrorCode, number>>> = {
  ERR_FINWAIT_PROGRAM_NOT_FOUND: 127,
  ERR_FINWAIT_PROGRAM: 126,
};

export const run: Command = {
  name: 'run',
  synopsis: '[OPTIONS] [--] PROGRAM [ARGUMENT…]',
  positionals: 'program',
  about: 'run a program with all lanes on, and tell of every TCP connection which line closed it',
  options: {
    out: { type: 'string', about: 'the directory of the record (default: a new one below .finwait)' },
    port: { type: 'string', about: 'only TCP to or from these ports, by commas' },
    where: { type: 'string', about: 'tell only of connections that match, as \'reset or server ~ ":443"\'' },
    live: { type: 'boolean', about: 'a line for each opening and ending, as it happens' },
    private: { type: 'boolean', about: 'in a network of its own, where packets need no rights' },
    quiet: { type: 'boolean', about: 'leave the record and say nothing' },
    ascii: { type: 'boolean', about: 'draw with ASCII characters only' },
  },
  async run(values, command) {
    if (command.length === 0) throw usageError('run needs a program.', 'finwait run -- node app.js');
    if (values['private'] === true && !isInPrivateNetwork()) return await runInside();
    try {
      return exitAs(await runAndTell(command, values));
    } catch (error) {
      const exitCode = isFinwaitError(error) ? NOT_STARTED[error.code] : undefined;
      if (exitCode === undefined) throw error;
      say(String(error));
      return exitCode as ExitCode;
    }
  },
};

async function runAndTell(command: readonly string[], values: OptionValues): Promise<ProgramEnd> {
  const ports = portsOf(values);
  const { out, where, live, quiet } = values;
  const matches = where === undefined ? undefined : parseWhere(String(where));
  using spare = new SpareSignal();
  const { directory, end, troubles } = await runProgram(command, {
    ...(typeof out === 'string' && { out }),
    ports,
    ...(live === true && { onEvent: liveTeller(values) }),
    onEnd: () => {
      spare.programEnded();
    },
  });
  for (const error of troubles) tellTrouble(error);
  if (quiet !== true) await report(directory, matches, values).catch(tellTrouble);
  return end;
}

/** This same command line once more, in the network. */
async function runInside(): Promise<ExitCode> {
  const { command, env } = privateCommand(process.argv.slice(1));
  return exitAs(await runToEnd(command, env));
}

function liveTeller(values: OptionValues): (event: LiveEvent) => void {
  const options = errorTextOptions(values);
  const originNs = process.hrtime.bigint();
  return (event) => {
    const line = renderLiveLine(event, originNs, options);
    if (line !== undefined) say(line);
  };
}

async function report(directory: string, where: RowTest | undefined, values: OptionValues): Promise<void> {
  const told = await readRun(directory, { ...(where && { where }) });
  const short = relative(process.cwd(), directory);
  const path = short.startsWith('..') ? directory : short;
  say(`\n${renderRunReport(told, { ...errorTextOptions(values), directory: path })}`);
}

/** Our end is the program's, whatever becomes of its record. */
function tellTrouble(error: Error): void {
  const isOurs = !isFinwaitError(error) && (error as NodeJS.ErrnoException).code === undefined;
  say(`finwait: ${isOurs ? (error.stack ?? error.message) : error.message}`);
}

/** Our end is the program's: its exit code, or its signal; where a signal does not end us, 128 + its number. */
function exitAs({ exitCode, signal }: ProgramEnd): ExitCode {
  if (signal === undefined) return (exitCode ?? ExitCode.failed) as ExitCode;
  // To Node it is the wish for a debugger. It ignores SIGPIPE, and whoever is process 1 all that it has no handler for.
  if (signal !== 'SIGUSR1') process.kill(process.pid, signal);
  return (128 + constants.signals[signal]) as ExitCode;
}

function portsOf({ port }: OptionValues): number[] {
  if (port === undefined) return [];
  return String(port)
    .split(',')
    .map((text) => {
      const number = Number(text);
      if (/^\d+$/.test(text.trim()) && number >= 1 && number <= 65535) return number;
      throw usageError(
        `--port takes port numbers, not "${text}".`,
        'finwait run --port 80,443 -- node app.js',
      );
    });
}
