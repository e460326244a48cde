/** Command lines of bench/: options that take a text, each with a usage that says so. */
import { parseArgs } from 'node:util';

/** What an option has that nobody gave. */
type Defaults = Readonly<Record<string, string | undefined>>;

/**
 * Reads the options of this process. With --help it prints the usage and ends with 0; where something cannot be read it
 * says what and how to type it, and ends with 2.
 * @param usage the command with its options: `npm run soak -- [--rounds 200]`
 * @param read makes of the texts what is wanted; a TypeError says what is wrong with one
 */
export function commandLine<Given extends Defaults, Wanted>(
  usage: string,
  defaults: Given,
  read: (texts: Given) => Wanted,
): Wanted {
  try {
    const names = Object.keys(defaults).map((name) => [name, { type: 'string' as const }] as const);
    const options = { ...Object.fromEntries(names), help: { type: 'boolean' as const } };
    const { help, ...texts } = parseArgs({ options }).values;
    if (help !== true) return read({ ...defaults, ...texts });
    process.stdout.write(`usage: ${usage}\n`);
    process.exit(0);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    process.stderr.write(`${error.message}\nusage: ${usage}\n`);
    process.exit(2);
  }
}

/**
 * The whole number that an option of the command line says.
 * @throws TypeError for anything else, or for less than `least`
 */
export function countOption(name: string, text: string, least: number): number {
  const count = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(count) && count >= least) return count;
  throw new TypeError(`--${name} takes a whole number from ${least}, not "${text}"`);
}
