/** What does not fit on a terminal's line helps nobody to find the column. */
const MAX_SHOWN = 160;

/** A text of expected segments cannot be read. The message shows the line, with a caret below the place. */
export class SegmentsSyntaxError extends TypeError {
  override readonly name = 'SegmentsSyntaxError';
  /** From 1. */
  readonly line: number;
  /** In characters, from 1. */
  readonly column: number;

  constructor(
    problem: string,
    place: { readonly line: number; readonly column: number; readonly text: string },
  ) {
    const { line, column, text } = place;
    super(`line ${line}, column ${column}: ${steady(problem)}\n${picture(text, column)}`);
    this.line = line;
    this.column = column;
  }
}

function picture(text: string, column: number): string {
  const characters = Array.from(text);
  const from = column > MAX_SHOWN ? column - MAX_SHOWN / 2 : 0;
  const shown = characters.slice(from, from + MAX_SHOWN).map(steadied);
  // Tabs stay: they are as wide above the caret as before it.
  const margin = shown.slice(0, column - 1 - from).map((character) => (character === '\t' ? '\t' : ' '));
  return `  ${shown.join('')}\n  ${margin.join('')}^`;
}

function steady(problem: string): string {
  const characters = Array.from(problem, steadied);
  return characters.length > 2 * MAX_SHOWN
    ? `${characters.slice(0, 2 * MAX_SHOWN).join('')}…`
    : characters.join('');
}

/** What could steer a terminal is shown as a question mark. */
function steadied(character: string): string {
  return character !== '\t' && /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(character) ? '?' : character;
}
