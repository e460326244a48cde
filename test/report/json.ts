import test from 'ava';
import fc from 'fast-check';
import { renderJson } from '../../harness/report/json.ts';
import { halfClose } from './_stories.ts';

test('nanoseconds come out whole, as decimal strings', (t) => {
  t.is(renderJson({ atNs: 1_700_000_000_123_456_789n }), '{\n  "atNs": "1700000000123456789"\n}\n');
});

test('keys are sorted, so equal data give equal text', (t) => {
  t.is(renderJson({ b: 1, a: { d: 2, c: 3 } }), renderJson({ a: { c: 3, d: 2 }, b: 1 }));
});

test('absent properties are left out; null stays', (t) => {
  t.deepEqual(JSON.parse(renderJson({ a: undefined, b: null })), { b: null });
});

test('characters that could steer a terminal are escaped, and survive', (t) => {
  const value = { 'k\u202E': 'a\u001B[2J\u009B\u202E\u{E0041}\uD800\n' };
  const text = renderJson(value);
  t.regex(text.replaceAll('\n', ''), /^[ -~]*$/u);
  t.deepEqual(JSON.parse(text), value);
});

test('what JSON would lose is refused', (t) => {
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  for (const value of [
    Number.NaN,
    Infinity,
    new Map(),
    new Date(0),
    [undefined],
    undefined,
    () => 0,
    circle,
  ]) {
    t.throws(() => renderJson({ value: [value] }), { instanceOf: TypeError });
  }
});

test('the same object twice is no cycle', (t) => {
  const end = { port: 1 };
  t.deepEqual(JSON.parse(renderJson([end, end])), [end, end]);
});

test('a whole connection can be written', (t) => {
  const parsed = JSON.parse(renderJson(halfClose())) as { segments: { atNs: string }[] };
  t.is(parsed.segments[0]?.atNs, '1700000000000000000');
});

test('JSON values come back as they were', (t) => {
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (value) => {
      const back = JSON.stringify(JSON.parse(renderJson(value)));
      t.is(renderJson(JSON.parse(back)), renderJson(value));
    }),
  );
});
