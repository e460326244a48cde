import { flagsText, parseFlags } from '../../model/segment.ts';
import {
  type CountedSegment,
  type ExpectedItem,
  type ExpectedSegments,
  MAX_IN_ANY_ORDER,
  MAX_ITEMS,
  ONCE,
} from './expected-segments.ts';
import { parseCountedSegment } from './parse-line.ts';
import { LineTokens } from './line-tokens.ts';

/**
 * Reads segments as docs/segments-text.md writes them, a line a segment:
 *
 *     client > server  FIN,ACK  len 10   within 5 ms
 *     server > client  ACK               # may ride on the FIN
 *
 * @throws SegmentsSyntaxError, a TypeError that names line and column and shows the place
 */
export function parseSegments(text: string): ExpectedSegments {
  return new SegmentsParser(text).parse();
}

class SegmentsParser {
  readonly #lines: readonly string[];
  readonly #items: ExpectedItem[] = [];
  #strict = false;
  /** The group that is open, and the line that opened it. */
  #group: { readonly opening: LineTokens; readonly segments: CountedSegment[] } | undefined;

  constructor(text: string) {
    this.#lines = text.split(/\r\n|\n|\r/);
  }

  parse(): ExpectedSegments {
    for (const [index, line] of this.#lines.entries()) {
      const tokens = new LineTokens(line, index + 1);
      if (!tokens.isEmpty) this.#takeLine(tokens);
    }
    if (this.#group !== undefined) throw this.#group.opening.wrong('this group has no closing "}"');
    if (this.#items.length === 0) {
      const last = new LineTokens(this.#lines.at(-1) ?? '', this.#lines.length);
      throw last.wrong('no segment in the whole text');
    }
    return { strict: this.#strict, items: this.#items };
  }

  #takeLine(tokens: LineTokens): void {
    const last = this.#items.at(-1);
    if (last?.kind === 'end') throw tokens.wrong('nothing may follow "end"');
    if (this.#items.length >= MAX_ITEMS) throw tokens.wrong(`more than ${MAX_ITEMS} lines`);
    if (this.#group !== undefined) this.#takeInGroup(tokens, this.#group.segments);
    else if (tokens.take('strict')) this.#takeStrict(tokens);
    else if (tokens.take('...')) this.#items.push({ kind: 'gap' });
    else if (tokens.take('end')) this.#items.push({ kind: 'end' });
    else if (tokens.take('in')) this.#openGroup(tokens);
    else this.#items.push({ kind: 'segment', ...this.#segment(tokens, 'anywhere') });
    tokens.expectEnd();
  }

  #takeStrict(tokens: LineTokens): void {
    if (this.#items.length > 0 || this.#strict)
      throw tokens.wrongLast('"strict" stands once, above all segments');
    this.#strict = true;
  }

  #openGroup(tokens: LineTokens): void {
    for (const word of ['any', 'order', '{']) tokens.expect(word, 'a group begins with "in any order {"');
    this.#group = { opening: tokens, segments: [] };
  }

  #takeInGroup(tokens: LineTokens, segments: CountedSegment[]): void {
    if (!tokens.take('}')) {
      if (segments.length >= MAX_IN_ANY_ORDER) {
        throw tokens.wrong(`more than ${MAX_IN_ANY_ORDER} segments in one group`);
      }
      segments.push(this.#segment(tokens, 'in a group'));
      return;
    }
    if (segments.length < 2) throw tokens.wrongLast('a group needs two segments or more');
    this.#items.push({ kind: 'any order', segments });
    this.#group = undefined;
  }

  #segment(tokens: LineTokens, place: 'anywhere' | 'in a group'): CountedSegment {
    const { segment, times = ONCE } = parseCountedSegment(tokens);
    if (place === 'in a group' && times.max !== 1)
      throw tokens.wrong('in a group a segment comes once at most');
    if (segment.sinceMs !== undefined && !this.#items.some(surelyComes)) {
      throw tokens.wrongLast('a time counts from the segment before, and there may be none');
    }
    const { flags, ...rest } = segment;
    return {
      segment: { ...rest, ...(flags !== undefined && { flags: canonical(flags) }) },
      times,
    };
  }
}

function surelyComes(item: ExpectedItem): boolean {
  if (item.kind === 'segment') return item.times.min > 0;
  return item.kind === 'any order' && item.segments.some(({ times }) => times.min > 0);
}

function canonical(flags: string): string {
  return flags === 'none' ? flags : flagsText(parseFlags(flags));
}
