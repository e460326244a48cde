/** Text as cells of a terminal: measuring it, wrapping it. */
import { createRequire } from 'node:module';
import type StringWidth from 'string-width';
import { isPlain } from './printable.ts';

/** Signs that our own sentences use, spelt in ASCII. */
const ASCII_SPELLINGS: Readonly<Record<string, string>> = {
  '→': '->',
  '←': '<-',
  '↔': '<->',
  '—': '-',
  '–': '-',
  '−': '-',
  '…': '...',
  '·': ';',
  '×': 'x',
  '≠': '!=',
  '“': '"',
  '”': '"',
  '‘': "'",
  '’': "'",
};

/** Signs spelt in ASCII; letters of other scripts stay, there being no spelling for them. */
export function asciiSigns(text: string): string {
  return text.replace(/[→←↔—–−…·×≠“”‘’]/gu, (sign) => ASCII_SPELLINGS[sign] ?? sign);
}

/** Cells that `text` takes: two for CJK, none for combining marks and colour sequences. */
export function cells(text: string): number {
  return isPlain(text) ? text.length : widthOf(text);
}

let stringWidth: typeof StringWidth | undefined;

/** Its patterns of Unicode take thirty milliseconds to load, and most tables are ASCII. */
function widthOf(text: string): number {
  stringWidth ??= (createRequire(import.meta.url)('string-width') as { default: typeof StringWidth }).default;
  return stringWidth(text);
}

export function padStartCells(text: string, width: number): string {
  return ' '.repeat(Math.max(0, width - cells(text))) + text;
}

export function padEndCells(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - cells(text)));
}

export function centreCells(text: string, width: number): string {
  const free = Math.max(0, width - cells(text));
  return padEndCells(' '.repeat(free >> 1) + text, width);
}

const NO_BREAK = '\u00A0';

/** `text` that {@link wrap} breaks only when it is longer than a line. */
export function unbroken(text: string): string {
  return text.replaceAll(' ', NO_BREAK);
}

/**
 * Lines of at most `width` cells, broken between words, or inside a word that is longer than a line.
 * Runs of spaces inside a line stay: columns of aligned text survive. Always at least one line.
 */
export function wrap(text: string, width: number): readonly string[] {
  return wrapHanging('', text, width);
}

/** A head wider than this share of the line leaves too little room below it. */
const WIDEST_INDENT = 0.35;
const NARROW_INDENT = 2;

/**
 * Like {@link wrap}, the first line led by `head` and the others indented: as far as the head reaches, or by two
 * cells when that would take too much of the line.
 */
export function wrapHanging(head: string, text: string, width: number): readonly string[] {
  const indent = ' '.repeat(cells(head) > width * WIDEST_INDENT ? NARROW_INDENT : cells(head));
  const lines: string[] = [];
  let line = head;
  let hasWords = false;
  for (const [, spaces = '', word = ''] of text.matchAll(/( *)([^ ]+)/gu)) {
    const longer = line + (hasWords ? spaces : '') + word;
    if (cells(longer) <= width) {
      line = longer;
    } else {
      if (hasWords || cells(indent + word) <= width) {
        if (line !== '') lines.push(line);
        line = indent;
      }
      const pieces = splitWord(word, Math.max(MINIMUM_CELLS, width - cells(line)));
      for (const piece of pieces.slice(0, -1)) {
        lines.push(line + piece);
        line = indent;
      }
      line += pieces.at(-1) ?? '';
    }
    hasWords = true;
  }
  return [...lines, line].map((each) => each.replaceAll(NO_BREAK, ' ').trimEnd());
}

/** Room for one character of any script. */
const MINIMUM_CELLS = 2;

/** Made when a word is to be split: that takes ten milliseconds. */
let graphemes: Intl.Segmenter | undefined;

/** First piece may stand after a head, later ones after the indent, which is never longer. */
function splitWord(word: string, width: number): readonly string[] {
  if (cells(word) <= width) return [word];
  const pieces: string[] = [];
  let piece = '';
  graphemes ??= new Intl.Segmenter(undefined, { granularity: 'grapheme' });
  for (const { segment } of graphemes.segment(word)) {
    if (piece !== '' && cells(piece + segment) > width) {
      pieces.push(piece);
      piece = '';
    }
    piece += segment;
  }
  return [...pieces, piece];
}
