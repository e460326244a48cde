import type { OptionValues } from './command.ts';

/** Data: to stdout, for whoever reads or pipes it. */
export function print(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

/** Words: to stderr, so that stdout stays data. */
export function say(text: string): void {
  process.stderr.write(`${text}\n`);
}

interface DrawingOptions {
  readonly columns: number;
  readonly color: boolean;
  readonly ascii: boolean;
}

/** How to draw on this stdout: its width, its colours (NO_COLOR and the like are Node's to read), its characters. */
export function textOptions(values: OptionValues): DrawingOptions {
  return drawingOptions(process.stdout, values);
}

/** The same for what is drawn on stderr, because stdout is a program's. */
export function errorTextOptions(values: OptionValues): DrawingOptions {
  return drawingOptions(process.stderr, values);
}

function drawingOptions(stream: NodeJS.WriteStream, { ascii }: OptionValues): DrawingOptions {
  return {
    // A terminal that nobody told its size says 0.
    columns: stream.isTTY && stream.columns > 0 ? stream.columns : columnsFromEnvironment(),
    color: stream.isTTY && stream.hasColors(),
    ascii: ascii === true,
  };
}

/** As {@link textOptions}, for what may be as wide as it likes unless a terminal shows it. */
export function tableOptions({ ascii }: OptionValues): { width: number | undefined; ascii: boolean } {
  const isBound = (process.stdout.isTTY && process.stdout.columns > 0) || Number(process.env['COLUMNS']) > 0;
  return { width: isBound ? textOptions({}).columns : undefined, ascii: ascii === true };
}

/** Shells set COLUMNS for themselves; who exports it for a pipe means it. */
function columnsFromEnvironment(): number {
  const columns = Number(process.env['COLUMNS']);
  return Number.isInteger(columns) && columns >= 40 ? columns : 80;
}

/** Counts on stderr what is done of many, where stderr is a terminal. */
export class Tally implements Disposable {
  readonly #of: number;
  readonly #things: string;
  #done = 0;

  constructor(of: number, things: string) {
    this.#of = of;
    this.#things = things;
  }

  /** One more. @param name the last that is done */
  count(name: string): void {
    this.#done++;
    if (process.stderr.isTTY)
      process.stderr.write(`\r\u001B[K${this.#done} of ${this.#of} ${this.#things}: ${name}`);
  }

  clear(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\u001B[K');
  }

  [Symbol.dispose](): void {
    this.clear();
  }
}
