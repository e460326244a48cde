/** How things look: signs, colours and width, as the reader's terminal can show them. */
import { styleText } from 'node:util';
import type { TcpState } from '../../model/tcp-state.ts';
import { printable } from './printable.ts';
import { asciiSigns } from './text.ts';

/** What every renderer of text for a terminal takes. */
export interface TextOptions {
  /**
   * Cells of a line; no line is longer. Below 40 is laid out as 40, and lines end at 120 at the latest.
   * @default 80
   */
  readonly columns?: number;
  /** Only ASCII signs (names from outside keep their script). @default false */
  readonly ascii?: boolean;
  /** ANSI colours. Nothing is said by colour alone. @default false */
  readonly color?: boolean;
}

/** What a piece of text is, as far as its colour goes. */
export type Tone =
  | 'secondary'
  | 'strong'
  | 'opening'
  | 'closing'
  | 'reset'
  | 'good'
  | 'bad'
  | 'doubtful'
  | 'confirmed';

/** What a connection still can carry, seen from one end. */
export type Phase = 'open' | 'half-closed' | 'in between' | 'closed' | 'unknown';

export const PHASE_OF: Readonly<Record<TcpState, Phase>> = {
  CLOSED: 'closed',
  LISTEN: 'closed',
  'SYN-SENT': 'in between',
  'SYN-RECEIVED': 'in between',
  ESTABLISHED: 'open',
  'FIN-WAIT-1': 'half-closed',
  'FIN-WAIT-2': 'half-closed',
  'CLOSE-WAIT': 'half-closed',
  CLOSING: 'in between',
  'LAST-ACK': 'in between',
  'TIME-WAIT': 'in between',
};

export interface Glyphs {
  /** One cell each: as many strokes as directions are open. */
  readonly lifeline: Readonly<Record<Phase, string>>;
  readonly line: string;
  readonly broken: string;
  readonly lost: string;
  readonly headRight: string;
  readonly headLeft: string;
  readonly gap: string;
  readonly dash: string;
  readonly separator: string;
  /** Follows a state that `ss` showed. */
  readonly confirmed: string;
  readonly verdict: Readonly<Record<'met' | 'violated' | 'undetermined', string>>;
  /** Left border of a block: first, middle and last line. */
  readonly border: readonly [first: string, middle: string, last: string];
}

const UNICODE: Glyphs = {
  lifeline: { open: '║', 'half-closed': '│', 'in between': '┊', closed: '·', unknown: ' ' },
  line: '─',
  broken: '╌',
  lost: '✗',
  headRight: '▶',
  headLeft: '◀',
  gap: '…',
  dash: '—',
  separator: ' · ',
  confirmed: ' ✓ss',
  verdict: { met: '✔ met', violated: '✘ violated', undetermined: '? undetermined' },
  border: ['┌', '│', '└'],
};

const ASCII: Glyphs = {
  lifeline: { open: 'H', 'half-closed': '|', 'in between': ':', closed: '.', unknown: ' ' },
  line: '-',
  broken: '-',
  lost: 'x',
  headRight: '>',
  headLeft: '<',
  gap: '...',
  dash: '-',
  separator: '; ',
  confirmed: ' [ss]',
  verdict: { met: '[met]', violated: '[violated]', undetermined: '[undetermined]' },
  border: ['+', '|', '+'],
};

type Format = Parameters<typeof styleText>[0];

const FORMATS: Readonly<Record<Tone, Format>> = {
  secondary: 'dim',
  strong: 'bold',
  opening: 'green',
  closing: 'yellow',
  reset: 'red',
  good: 'green',
  bad: 'red',
  doubtful: 'yellow',
  confirmed: 'green',
};

export interface Theme {
  /** Cells of a line: 40–120. */
  readonly width: number;
  readonly glyphs: Glyphs;
  /** Text from outside, safe to print and in the signs of this theme. */
  clean(text: string): string;
  /** `text` in the colour of its tone; unchanged without colours, without a tone, or when blank. */
  paint(tone: Tone | undefined, text: string): string;
}

const DEFAULT_COLUMNS = 80;
const MINIMUM_COLUMNS = 40;
/** Longer lines are harder to read, and longer arrows say no more. */
const MAXIMUM_COLUMNS = 120;

/** @throws TypeError for `columns` that is no number. */
export function themeFor(options: TextOptions): Theme {
  const { columns = DEFAULT_COLUMNS, ascii = false, color = false } = options;
  if (typeof columns !== 'number' || Number.isNaN(columns)) {
    throw new TypeError(`columns must be a number of cells, not ${String(columns)}`);
  }
  return {
    width: Math.min(MAXIMUM_COLUMNS, Math.max(MINIMUM_COLUMNS, Math.floor(columns))),
    glyphs: ascii ? ASCII : UNICODE,
    clean: ascii ? (text) => asciiSigns(printable(text)) : printable,
    // validateStream: on Node 20 styleText looks at no stream, later it would look at stdout: the caller decides.
    paint: (tone, text) =>
      color && tone !== undefined && text.trim() !== ''
        ? styleText(FORMATS[tone], text, { validateStream: false })
        : text,
  };
}

/** The keys of {@link TextOptions}. */
export const TEXT_OPTIONS: readonly string[] = ['columns', 'ascii', 'color'];
