import type { Side } from '../../model/connection.ts';
import { parseFlags } from '../../model/segment.ts';
import { type ExpectedSegment, MAX_TIMES, OPTIONAL, type Range } from './expected-segments.ts';
import type { LineTokens } from './line-tokens.ts';

type Fields = Partial<{ -readonly [Key in keyof ExpectedSegment]: ExpectedSegment[Key] }>;

/** What each word behind the flags says, in the order in which they are explained. */
const FIELDS: Readonly<Record<string, (fields: Fields, tokens: LineTokens) => void>> = {
  seq: (fields, tokens) => {
    fields.sequence = number(tokens, /^-?\d+$/);
  },
  ack: (fields, tokens) => {
    fields.acknowledgment = number(tokens, /^-?\d+$/);
  },
  len: (fields, tokens) => {
    fields.payloadBytes = range(tokens);
  },
  win: (fields, tokens) => {
    fields.window = range(tokens);
  },
  mss: (fields, tokens) => {
    fields.mss = number(tokens, /^\d+$/);
  },
  wscale: (fields, tokens) => {
    fields.windowScale = number(tokens, /^\d+$/);
  },
  sackOK: (fields) => {
    fields.sackPermitted = true;
  },
  again: (fields) => {
    fields.retransmission = true;
  },
  lost: (fields) => {
    fields.delivered = false;
  },
  within: (fields, tokens) => {
    if (fields.sinceMs?.max !== undefined) throw tokens.wrongLast(TWO_ENDS);
    fields.sinceMs = sinceOf(tokens, { min: fields.sinceMs?.min ?? 0, max: milliseconds(tokens) });
  },
  after: (fields, tokens) => {
    fields.sinceMs = after(fields.sinceMs, tokens);
  },
};

/** One segment, and how often it comes if the line says so. */
export function parseCountedSegment(tokens: LineTokens): { segment: ExpectedSegment; times?: Range } {
  const times = parseTimes(tokens);
  const segment = parseSegmentLine(tokens);
  return { segment, ...(times !== undefined && { times }) };
}

export function parseSegmentLine(tokens: LineTokens): ExpectedSegment {
  const from = parseSides(tokens);
  const fields: Fields = {};
  const first = tokens.peek();
  if (first !== undefined && !Object.hasOwn(FIELDS, first)) fields.flags = parseFlagWord(tokens);
  const seen = new Set<string>();
  for (let word = tokens.next(); word !== undefined; word = tokens.next()) {
    const field = Object.hasOwn(FIELDS, word) ? FIELDS[word] : undefined;
    if (field === undefined) {
      throw tokens.wrongLast(`"${word}" says nothing here; known: ${Object.keys(FIELDS).join(', ')}`);
    }
    if (seen.has(word)) throw tokens.wrongLast(`"${word}" stands twice`);
    seen.add(word);
    field(fields, tokens);
  }
  return { from, ...fields, line: tokens.number };
}

function parseTimes(tokens: LineTokens): Range | undefined {
  if (tokens.take('optional')) return OPTIONAL;
  if (!tokens.take('repeat')) return undefined;
  const times = range(tokens);
  if (times.min > MAX_TIMES || (times.max ?? 0) > MAX_TIMES) {
    throw tokens.wrongLast(`no more than ${MAX_TIMES} times`);
  }
  if (times.max === 0) throw tokens.wrongLast('a segment that never comes needs no line');
  return times;
}

function parseSides(tokens: LineTokens): Side {
  const from = parseSide(tokens);
  if (!tokens.take('>') && !tokens.take('→')) throw tokens.wrong('">" is missing between the sides');
  if (parseSide(tokens) === from) throw tokens.wrongLast(`the ${from} sends nothing to itself`);
  return from;
}

function parseSide(tokens: LineTokens): Side {
  const word = tokens.peek();
  if (word !== 'client' && word !== 'server') {
    throw tokens.wrong(
      word === undefined ? 'client or server is missing' : `a side is client or server, not "${word}"`,
    );
  }
  tokens.next();
  return word;
}

function parseFlagWord(tokens: LineTokens): string {
  const word = tokens.next() ?? '';
  if (word === 'none') return word;
  try {
    parseFlags(word);
  } catch (error) {
    // Flags are written large; whatever else stands here is most likely a misspelt field.
    const known = Object.keys(FIELDS).join(', ');
    const problem = /^[A-Z,]+$/.test(word)
      ? (error as Error).message
      : `"${word}" is neither flags nor one of ${known}`;
    throw tokens.wrongLast(problem);
  }
  return word;
}

function number(tokens: LineTokens, shape: RegExp): number {
  const word = tokens.peek();
  if (word === undefined) throw tokens.wrong('a number is missing');
  if (!shape.test(word) || !Number.isSafeInteger(Number(word))) {
    throw tokens.wrong(`"${word}" is not a whole number`);
  }
  tokens.next();
  return Number(word);
}

/** `10`, `1..100`, `1..`. */
function range(tokens: LineTokens): Range {
  const word = tokens.peek();
  if (word === undefined) throw tokens.wrong('a number is missing');
  const match = /^(\d+)(\.\.(\d+)?)?$/.exec(word);
  if (match === null) throw tokens.wrong(`"${word}" is neither a number nor a range as 1..10 or 1..`);
  const [, low = '', dots, high] = match;
  const min = Number(low);
  const max = dots === undefined ? min : high === undefined ? undefined : Number(high);
  if (!Number.isSafeInteger(min) || !Number.isSafeInteger(max ?? 0))
    throw tokens.wrong(`"${word}" is too large`);
  if (max !== undefined && max < min) throw tokens.wrong(`"${word}" ends before it begins`);
  tokens.next();
  return { min, ...(max !== undefined && { max }) };
}

const TWO_ENDS = '"within" and a tolerance do not go together';

const MS_PER_UNIT: Readonly<Record<string, number>> = { us: 0.001, µs: 0.001, ms: 1, s: 1000 };

/** `5 ms` or `5ms`. */
function milliseconds(tokens: LineTokens): number {
  const word = tokens.peek();
  if (word === undefined) throw tokens.wrong('a time is missing, as 5 ms');
  const match = /^(\d+(?:\.\d+)?)(\D*)$/u.exec(word);
  if (match === null) throw tokens.wrong(`"${word}" is no time; one is 5 ms, 20 us or 1.5 s`);
  tokens.next();
  const [, digits = '', joined = ''] = match;
  const unit = joined === '' ? (tokens.peek() ?? '') : joined;
  const factor = Object.hasOwn(MS_PER_UNIT, unit) ? MS_PER_UNIT[unit] : undefined;
  if (factor === undefined) {
    const problem = unit === '' ? 'a unit is missing: us, ms or s' : `"${unit}" is no unit: us, ms or s`;
    throw joined === '' ? tokens.wrong(problem) : tokens.wrongLast(problem);
  }
  if (joined === '') tokens.next();
  const ms = toNanoseconds(Number(digits) * factor);
  if (ms > 43_200_000) throw tokens.wrongLast('longer than 12 hours');
  return ms;
}

/** `after 200 ms`, and with `±20 ms` behind it a span around it. */
function after(known: Range | undefined, tokens: LineTokens): Range {
  const ms = milliseconds(tokens);
  if (!tokens.take('±') && !tokens.take('+-')) {
    return sinceOf(tokens, { min: ms, ...(known?.max !== undefined && { max: known.max }) });
  }
  const tolerance = milliseconds(tokens);
  if (known !== undefined) throw tokens.wrongLast(TWO_ENDS);
  return { min: toNanoseconds(Math.max(0, ms - tolerance)), max: toNanoseconds(ms + tolerance) };
}

function sinceOf(tokens: LineTokens, since: Range): Range {
  if (since.max !== undefined && since.max < since.min)
    throw tokens.wrongLast('the time ends before it begins');
  return since;
}

/** Nanoseconds are told apart, and nothing finer: sums of fractions would not compare. */
function toNanoseconds(ms: number): number {
  return Math.round(ms * 1e6) / 1e6;
}
