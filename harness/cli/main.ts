#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { isFinwaitError } from '../errors.ts';
import { type Command, type OptionValues, usageError } from './command.ts';
import { ExitCode, exitCodeOfError } from './exit-codes.ts';
import { printable } from '../report/terminal/printable.ts';
import { print, say } from './terminal.ts';

/** Loaded only when asked for: each brings along what it needs, and `analyze` is not to wait for what `demo` does. */
const COMMANDS: readonly CommandEntry[] = [
  {
    name: 'run',
    about: 'run a program of yours and tell which line opened, closed or reset each connection',
    load: async () => (await import('./run.ts')).run,
  },
  {
    name: 'demo',
    about: 'run scenarios on a real kernel and draw them',
    load: async () => (await import('./demo.ts')).demo,
  },
  {
    name: 'coverage',
    about: 'run the catalogue, and prove each state and arrow of RFC 9293 by a segment and by ss',
    load: async () => (await import('./coverage.ts')).coverage,
  },
  {
    name: 'analyze',
    about: 'tell of every TCP connection in captures how it opened, closed, and what was odd',
    load: async () => (await import('./analyze.ts')).analyze,
  },
  {
    name: 'expect',
    about: 'hold a connection in a capture against its segments as a text file tells them',
    load: async () => (await import('./expect.ts')).expect,
  },
  {
    name: 'doctor',
    about: 'try out what this machine grants, and say what to type for what it does not',
    load: async () => (await import('./doctor.ts')).doctor,
  },
];

interface CommandEntry extends Pick<Command, 'name' | 'about'> {
  readonly load: () => Promise<Command>;
}

// Who pipes us into `head` has read enough; the verdict, and so the exit code, is still owed.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  // A full disk, most likely.
  say(`What was to be printed cannot be written: ${error.message}`);
  process.exit(ExitCode.failed);
});
// Nobody can be told; and a program that runs under us is not to end for it.
process.stderr.on('error', () => undefined);

// Not awaited: CommonJS, as which this is bundled, cannot. So Node would not tell if all came to rest before main() did.
process.exitCode = ExitCode.failed;
process.once('beforeExit', tellUnfinished);
void main(process.argv.slice(2)).then((code) => {
  process.off('beforeExit', tellUnfinished);
  process.exitCode = code;
});

function tellUnfinished(): void {
  say('finwait itself failed: nothing more was to come, and it was not done.');
}

async function main(args: readonly string[]): Promise<ExitCode> {
  try {
    const [name, ...rest] = args;
    if (name === '--version') return answer(`finwait ${version()}`);
    if (name === undefined || name === '--help' || name === 'help') return answer(overview());
    const entry = COMMANDS.find((each) => each.name === name);
    if (entry === undefined) throw usageError(`There is no command "${name}".`, 'finwait --help lists them.');
    const command = await entry.load();
    const { values, positionals } = parse(command, rest);
    if (values['help'] === true) return answer(help(command));
    return await command.run(values, positionals);
  } catch (error) {
    if (isFinwaitError(error)) {
      // Messages quote file names and arguments.
      say(error.toString().split('\n').map(printable).join('\n'));
      return exitCodeOfError(error.code);
    }
    say(
      `finwait itself failed; please report this.\n${error instanceof Error ? (error.stack ?? '') : String(error)}`,
    );
    return ExitCode.failed;
  }
}

function parse(command: Command, args: string[]): { values: OptionValues; positionals: string[] } {
  const options = { ...command.options, help: { type: 'boolean' } } as const;
  const programAt = command.positionals === 'program' ? firstPositional(args, options) : args.length;
  try {
    const { values, positionals } = parseArgs({
      args: args.slice(0, programAt),
      options,
      allowPositionals: command.positionals === true,
    });
    return { values, positionals: [...positionals, ...args.slice(programAt)] };
  } catch (error) {
    throw usageError((error as Error).message, `finwait ${command.name} --help shows its options.`);
  }
}

/** Where in the arguments the first stands that is no option, nor an option's value. */
function firstPositional(args: string[], options: ParseArgsConfig['options'] & {}): number {
  const { tokens } = parseArgs({ args, options, strict: false, tokens: true });
  return tokens.find(({ kind }) => kind === 'positional')?.index ?? args.length;
}

function answer(text: string): ExitCode {
  print(text);
  return ExitCode.met;
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  const lines = COMMANDS.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`);
  return `finwait shows how TCP connections really opened and closed: JS, kernel and wire, joined and judged.

usage: finwait COMMAND [OPTIONS]

${lines.join('\n')}

finwait COMMAND --help shows a command’s options.
Exit codes: 0 met, 1 violated, 2 wrong usage, 3 missing capability, 4 damaged evidence, 70 finwait itself failed.`;
}

function help({ name, synopsis, about, options }: Command): string {
  const lines = Object.entries(options).map(([option, { type, about: what }]) => {
    return `  --${`${option}${type === 'string' ? ' VALUE' : ''}`.padEnd(17)} ${what}`;
  });
  const usage = synopsis.includes('[OPTIONS]') ? synopsis : `${synopsis} [OPTIONS]`;
  return `usage: finwait ${name} ${usage}\n\n${about}\n\n${lines.join('\n')}`;
}

function version(): string {
  const text = readFileSync(new URL('../../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
