import { FinwaitError } from '../errors.ts';
import type { ConnectionRow } from '../model/connection-row.ts';
import { type Field, fieldHint, findField, type FieldValue } from './fields.ts';
import { both, either, negated, ofField, type RowTest, type Test } from './row-test.ts';

/**
 * A condition on connections, from text: `closedBy=server and reset`, `rtt > 20 or not closed`,
 * `server ~ ":443"`. Comparisons `= != < <= > >=`, `~` for "contains"; a field alone asks whether it is set and not
 * zero; `and`, `or`, `not`, parentheses; texts compare without regard to capitals.
 * @throws FinwaitError ERR_FINWAIT_USAGE naming the column of what is wrong
 */
export function parseWhere(text: string): RowTest {
  const { byRow, byFacts } = new WhereParser(text).parse();
  return Object.assign((row: ConnectionRow) => byRow(row), { byFacts });
}

/** Deeper than anybody writes, and no stack overflows. */
const MOST_DEPTH = 100;

interface Token {
  readonly kind: 'word' | 'text' | 'operator' | 'parenthesis' | 'end';
  readonly text: string;
  /** From 1. */
  readonly column: number;
}

const TOKEN =
  /\s*(?:(?<operator><=|>=|!=|=|<|>|~)|(?<parenthesis>[()])|"(?<text>[^"]*)"|(?<word>[^\s()<>=!~"]+))/y;

class WhereParser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#tokens = tokenize(text);
  }

  parse(): Test {
    const test = this.#either();
    const rest = this.#peek();
    if (rest.kind !== 'end') throw wrong(`"${rest.text}" was not expected`, rest);
    return test;
  }

  #either(): Test {
    let left = this.#both();
    while (this.#takeWord('or')) left = either(left, this.#both());
    return left;
  }

  #both(): Test {
    let left = this.#negated();
    while (this.#takeWord('and')) left = both(left, this.#negated());
    return left;
  }

  #negated(): Test {
    const first = this.#peek();
    if (this.#takeWord('not')) {
      this.#goDeeper(first);
      const test = this.#negated();
      this.#depth--;
      return negated(test);
    }
    const token = this.#next();
    if (token.text === '(' && token.kind === 'parenthesis') {
      this.#goDeeper(token);
      const test = this.#either();
      this.#depth--;
      const close = this.#next();
      if (close.text !== ')') throw wrong('a closing parenthesis is missing', close);
      return test;
    }
    return this.#comparison(token);
  }

  #comparison(name: Token): Test {
    if (name.kind !== 'word')
      throw wrong(name.kind === 'end' ? 'something is missing' : `"${name.text}" is no field`, name);
    const field = findField(name.text);
    if (field === undefined) throw wrong(`there is no field "${name.text}"`, name, fieldHint(name.text));
    if (this.#peek().kind !== 'operator') return ofField(field, (row) => Boolean(field.of(row)));
    const operator = this.#next();
    const value = this.#next();
    if (value.kind !== 'word' && value.kind !== 'text')
      throw wrong(`a value is missing after "${operator.text}"`, value);
    return ofField(field, compare(field, operator, value));
  }

  #goDeeper(token: Token): void {
    if (++this.#depth > MOST_DEPTH) throw wrong(`more than ${MOST_DEPTH} within each other`, token);
  }

  #takeWord(word: string): boolean {
    const token = this.#peek();
    if (token.kind !== 'word' || token.text.toLowerCase() !== word) return false;
    this.#at++;
    return true;
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? { kind: 'end', text: '', column: 1 };
  }

  #next(): Token {
    const token = this.#peek();
    if (token.kind !== 'end') this.#at++;
    return token;
  }
}

function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const from = TOKEN.lastIndex;
    const groups: Record<string, string | undefined> = TOKEN.exec(text)?.groups ?? {};
    const found = Object.entries(groups).find(([, part]) => part !== undefined);
    if (found === undefined) {
      throw wrong('this cannot be read', { kind: 'end', text: '', column: from + 1 });
    }
    const [kind, part] = found as [Token['kind'], string];
    tokens.push({ kind, text: part, column: TOKEN.lastIndex - part.length + (kind === 'text' ? 0 : 1) });
  }
  tokens.push({ kind: 'end', text: '', column: text.length + 1 });
  return tokens;
}

function compare({ name, kind, values, of }: Field, { text: operator }: Token, value: Token): Test['byRow'] {
  if (kind === 'number') {
    const number = Number(value.text);
    if (value.text === '' || Number.isNaN(number))
      throw wrong(`${name} is a number, "${value.text}" is none`, value);
    return (row) => holds(of(row), operator, number);
  }
  if (kind === 'flag') {
    if (!/^(true|false|yes|no)$/i.test(value.text)) throw wrong(`${name} is true or false`, value);
    const wanted = /^(true|yes)$/i.test(value.text);
    return (row) => holds(of(row), operator, wanted);
  }
  const wanted = value.text.toLowerCase();
  const isEquation = operator === '=' || operator === '!=';
  if (isEquation && values?.every((each) => each.toLowerCase() !== wanted) === true) {
    throw wrong(`${name} is never "${value.text}"`, value, `${name} is one of: ${values.join(', ')}.`);
  }
  return (row) => {
    const known = of(row);
    return holds(known === undefined ? undefined : String(known).toLowerCase(), operator, wanted);
  };
}

/** What is not known is neither equal, less nor greater; it is different. */
function holds(value: FieldValue, operator: string, wanted: number | string | boolean): boolean {
  if (value === undefined) return operator === '!=';
  switch (operator) {
    case '=':
      return value === wanted;
    case '!=':
      return value !== wanted;
    case '<':
      return value < wanted;
    case '<=':
      return value <= wanted;
    case '>':
      return value > wanted;
    case '>=':
      return value >= wanted;
    default:
      return String(value).includes(String(wanted));
  }
}

const HOW_TO_WRITE_IT = "Write it like 'closedBy=server and rtt > 20'; docs/analyze.md says how.";

function wrong(problem: string, { column }: Token, hint = HOW_TO_WRITE_IT): FinwaitError {
  return new FinwaitError('ERR_FINWAIT_USAGE', `--where, column ${column}: ${problem}`, { hint });
}
