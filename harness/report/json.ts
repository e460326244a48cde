/**
 * Run data as JSON text: what `run.json` and `--json` print.
 * - `bigint` (nanoseconds) becomes a string of decimal digits: JSON numbers lose ns since the epoch;
 * - keys are sorted by code unit, so equal data give equal text;
 * - characters that could steer a terminal (controls, bidi, format) are escaped as `\uXXXX`;
 * - absent (`undefined`) properties are left out; two spaces of indentation, `\n` at the end.
 * @throws TypeError for what would be lost: cycles, non-finite numbers, functions, symbols, class instances
 * (Map, Date, typed arrays), `undefined` as an array's element or as the value itself.
 */
export function renderJson(value: unknown): string {
  const text = JSON.stringify(plain(value, new Set()), undefined, 2);
  return `${text.replace(STEERING, escaped)}\n`;
}

/** The same on one line, for streams of them (JSONL). */
export function renderJsonLine(value: unknown): string {
  return `${JSON.stringify(plain(value, new Set())).replace(STEERING, escaped)}\n`;
}

/** `\n` is only ever our own indentation: inside strings JSON.stringify has escaped it. */
const STEERING = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, unit) => {
    return `\\u${character.charCodeAt(unit).toString(16).padStart(4, '0')}`;
  }).join('');
}

function plain(value: unknown, ancestors: Set<object>): unknown {
  switch (typeof value) {
    case 'bigint':
      return value.toString();
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (Number.isFinite(value)) return value;
      throw new TypeError(`JSON has no number ${String(value)}`);
    case 'object':
      return value === null ? null : plainObject(value, ancestors);
    default:
      throw new TypeError(`A ${typeof value} cannot be written as JSON`);
  }
}

function plainObject(value: object, ancestors: Set<object>): unknown {
  if (ancestors.has(value)) throw new TypeError('An object that contains itself cannot be written as JSON');
  const inside = new Set(ancestors).add(value);
  if (Array.isArray(value)) return Array.from(value, (element: unknown) => plain(element, inside));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    throw new TypeError(`A ${value.constructor.name} is no plain data: cannot be written as JSON`);
  }
  const entries = Object.entries(value)
    .filter(([, each]) => each !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    .map(([key, each]) => [key, plain(each, inside)] as const);
  return Object.fromEntries(entries);
}
