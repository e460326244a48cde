import test from 'ava';
import fc from 'fast-check';
import {
  type CountedSegment,
  type ExpectedItem,
  type ExpectedSegment,
  type ExpectedSegments,
  MAX_IN_ANY_ORDER,
  MAX_ITEMS,
  ONCE,
  OPTIONAL,
  type Range,
  renderSegments,
} from '../../../harness/expect/segments/expected-segments.ts';
import { parseSegments } from '../../../harness/expect/segments/parse-segments.ts';
import { SegmentsSyntaxError } from '../../../harness/expect/segments/segments-syntax-error.ts';
import { parseSegmentPattern } from '../../../harness/expect/segments/segment-pattern.ts';
import { Flag, flagsText } from '../../../harness/model/segment.ts';

/** One line, as data. */
const LINES: readonly (readonly [text: string, segment: ExpectedSegment])[] = [
  ['client > server', { from: 'client' }],
  ['server → client  SYN,ACK', { from: 'server', flags: 'SYN,ACK' }],
  ['client>server ACK,FIN # backwards, no spaces', { from: 'client', flags: 'FIN,ACK' }],
  ['client > server none', { from: 'client', flags: 'none' }],
  ['client > server  len 10', { from: 'client', payloadBytes: { min: 10, max: 10 } }],
  ['client > server  ACK  len 1..', { from: 'client', flags: 'ACK', payloadBytes: { min: 1 } }],
  ['client > server  ACK  len 1..5', { from: 'client', flags: 'ACK', payloadBytes: { min: 1, max: 5 } }],
  ['client > server  ACK  seq 7 ack -1', { from: 'client', flags: 'ACK', sequence: 7, acknowledgment: -1 }],
  ['server > client  ACK  win 0', { from: 'server', flags: 'ACK', window: { min: 0, max: 0 } }],
  [
    'client > server  SYN  mss 1460 wscale 7 sackOK',
    { from: 'client', flags: 'SYN', mss: 1460, windowScale: 7, sackPermitted: true },
  ],
  [
    'client > server  FIN again lost',
    { from: 'client', flags: 'FIN', retransmission: true, delivered: false },
  ],
];

for (const [text, segment] of LINES) {
  test(`"${text}" is read`, (t) => {
    t.deepEqual(parseSegments(text).items, [
      { kind: 'segment', segment: { ...segment, line: 1 }, times: ONCE },
    ]);
    t.deepEqual(parseSegmentPattern(text), segment);
  });
}

const TIMES: readonly (readonly [text: string, since: Range])[] = [
  ['within 5 ms', { min: 0, max: 5 }],
  ['within 20us', { min: 0, max: 0.02 }],
  ['after 1.5 s', { min: 1500 }],
  ['after 40 ms within 1 s', { min: 40, max: 1000 }],
  ['within 1 s after 40 ms', { min: 40, max: 1000 }],
  ['after 200 ms ±20 ms', { min: 180, max: 220 }],
  ['after 200 ms +- 0.1 ms', { min: 199.9, max: 200.1 }],
  ['after 1 ms ± 5 ms', { min: 0, max: 6 }],
];

for (const [text, since] of TIMES) {
  test(`"${text}" is a time since the line before`, (t) => {
    const [, second] = parseSegments(`client > server SYN\nserver > client SYN,ACK ${text}`).items;
    t.deepEqual(second?.kind === 'segment' ? second.segment.sinceMs : undefined, since);
  });
}

test('comments, empty lines, CR LF, counts, groups, gaps, an end and "strict" are read', (t) => {
  const text = [
    '# a handshake',
    'strict   # to the letter',
    '',
    'optional client > server SYN',
    'repeat 2..3 client > server SYN again',
    'repeat 4 client > server ACK',
    'repeat 1.. client > server ACK',
    'in any order {',
    '  client > server FIN',
    '  optional server > client FIN',
    '}',
    '...',
    'end',
  ].join('\r\n');
  const { strict, items } = parseSegments(text);
  t.true(strict);
  t.deepEqual(
    items.map((item) => (item.kind === 'segment' ? [item.segment.line, item.times] : item.kind)),
    [
      [4, OPTIONAL],
      [5, { min: 2, max: 3 }],
      [6, { min: 4, max: 4 }],
      [7, { min: 1 }],
      'any order',
      'gap',
      'end',
    ],
  );
  const [group] = items.filter((item) => item.kind === 'any order');
  t.deepEqual(
    group?.segments.map(({ segment: { from, line }, times }) => [from, line, times]),
    [
      ['client', 9, ONCE],
      ['server', 10, OPTIONAL],
    ],
  );
});

/** A text, and where it is wrong. */
const WRONG: readonly (readonly [text: string, line: number, column: number, problem: RegExp])[] = [
  ['', 1, 1, /no segment/],
  ['# nothing\n', 2, 1, /no segment/],
  ['clint > server SYN', 1, 1, /not "clint"/],
  ['client', 1, 7, /">" is missing/],
  ['client > ', 1, 9, /client or server is missing/],
  ['client > client SYN', 1, 10, /nothing to itself/],
  ['client server SYN', 1, 8, /">" is missing/],
  ['client > server FYN,ACK', 1, 17, /Unknown TCP flag "FYN"/],
  ['client > server fin', 1, 17, /"fin" is neither flags nor one of seq, ack/],
  ['client > server SYN size 3', 1, 21, /"size" says nothing here/],
  ['client > server SYN toString', 1, 21, /"toString" says nothing here/],
  ['client > server ACK len', 1, 24, /a number is missing/],
  ['client > server ACK len ten', 1, 25, /"ten" is neither a number nor a range/],
  ['client > server ACK len 5..1', 1, 25, /ends before it begins/],
  ['client > server ACK len 99999999999999999999', 1, 25, /too large/],
  ['client > server ACK ack 1.5', 1, 25, /"1.5" is not a whole number/],
  ['client > server ACK len 1 len 2', 1, 27, /"len" stands twice/],
  ['client > server SYN\n\tserver > client SYN,ACK within 5', 2, 34, /a unit is missing/],
  ['client > server SYN\nserver > client SYN,ACK within 5 h', 2, 34, /"h" is no unit/],
  ['client > server SYN\nserver > client SYN,ACK within soon', 2, 32, /"soon" is no time/],
  ['client > server SYN\nserver > client SYN,ACK within', 2, 31, /a time is missing/],
  ['client > server SYN\nserver > client SYN,ACK after 9 ms within 5 ms', 2, 45, /ends before it begins/],
  ['client > server SYN\nserver > client SYN,ACK after 9 ms ±1 ms within 20 ms', 2, 42, /do not go together/],
  ['client > server SYN within 5 ms', 1, 30, /there may be none/],
  ['client > server SYN\nend\nclient > server ACK', 3, 1, /nothing may follow "end"/],
  ['client > server SYN\nstrict', 2, 1, /above all segments/],
  ['end end', 1, 5, /"end" was not expected/],
  ['in any order\nclient > server SYN', 1, 13, /begins with "in any order {"/],
  ['in any order {\nclient > server SYN', 1, 15, /no closing "}"/],
  ['in any order {\nclient > server SYN\n}', 3, 1, /two segments or more/],
  ['in any order {\nend\n}', 2, 1, /not "end"/],
  ['in any order {\nrepeat 2 client > server SYN\n}', 2, 29, /once at most/],
  ['repeat 0 client > server SYN', 1, 8, /needs no line/],
  ['repeat 5000 client > server SYN', 1, 8, /no more than 1000/],
  [`in any order {\n${'client > server ACK\n'.repeat(MAX_IN_ANY_ORDER + 1)}}`, 10, 1, /more than 8/],
  ['client > server ACK\n'.repeat(MAX_ITEMS + 1), MAX_ITEMS + 1, 1, /more than 2000 lines/],
];

for (const [text, line, column, problem] of WRONG) {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  test(`${JSON.stringify(shown)} is wrong at line ${line}, column ${column}`, (t) => {
    const error = t.throws(() => parseSegments(text), { instanceOf: SegmentsSyntaxError, message: problem });
    t.is(error.line, line);
    t.is(error.column, column);
    t.true(error instanceof TypeError);
  });
}

test('a parse error shows the line, with a caret below the place', (t) => {
  const text = '# opens\nclient > server  SYN\n\tserver > client  SYN,ACK  ack one  # here';
  t.is(
    t.throws(() => parseSegments(text)).message,
    'line 3, column 32: "one" is not a whole number\n  \tserver > client  SYN,ACK  ack one  # here\n  \t                              ^',
  );
});

test('a parse error shows no control character, and of a long line only the part around the caret', (t) => {
  const { message } = t.throws(() =>
    parseSegments(`client > server ACK len ${' '.repeat(5000)}\u001B[31mten`),
  );
  t.notRegex(message.replaceAll('\n', ''), /\p{Cc}/u);
  const [, shown = '', caret = ''] = message.split('\n');
  t.true(shown.length <= 170);
  t.is(shown[caret.length - 1], '?');
});

test('a pattern of one segment has no time', (t) => {
  t.throws(() => parseSegmentPattern('client > server FIN within 5 ms'), { message: /no segment before it/ });
  t.throws(() => parseSegmentPattern('client > server FIN }'), { message: /"}"/ });
});

const anyRange = fc
  .tuple(fc.nat(70_000), fc.option(fc.nat(1000), { nil: undefined }))
  .map(([min, more]): Range => ({ min, ...(more !== undefined && { max: min + more }) }));
const anyMs = fc.nat(3_000_000_000).map((ns) => ns / 1e6);
const anySpan = fc.oneof(
  anyMs.map((min): Range => ({ min })),
  fc.tuple(anyMs, anyMs).map(([a, b]): Range => ({ min: Math.min(a, b), max: Math.max(a, b) })),
);
const anyFlags = fc.nat(0x1ff).map((flags) => flagsText(flags & ~(flags & Flag.AE)));

function anySegment(isFirst: boolean): fc.Arbitrary<ExpectedSegment> {
  return fc.record(
    {
      from: fc.constantFrom('client' as const, 'server' as const),
      flags: anyFlags,
      sequence: fc.integer({ min: -5, max: 2 ** 32 }),
      acknowledgment: fc.integer({ min: -5, max: 2 ** 32 }),
      payloadBytes: anyRange,
      window: anyRange,
      mss: fc.nat(65_535),
      windowScale: fc.nat(14),
      sackPermitted: fc.constant(true as const),
      retransmission: fc.constant(true as const),
      delivered: fc.constant(false as const),
      ...(!isFirst && { sinceMs: anySpan }),
    },
    { requiredKeys: ['from'] },
  );
}

const anyTimes = fc.oneof(
  fc.constantFrom(ONCE, OPTIONAL),
  fc.tuple(fc.nat(500), fc.nat(500)).map(([min, more]): Range => ({ min, max: Math.max(1, min + more) })),
  fc.nat(1000).map((min): Range => ({ min })),
);
const anyCounted: fc.Arbitrary<CountedSegment> = fc.record({ segment: anySegment(false), times: anyTimes });
const anyInGroup: fc.Arbitrary<CountedSegment> = fc.record({
  segment: anySegment(false),
  times: fc.constantFrom(ONCE, OPTIONAL),
});
const anyItem: fc.Arbitrary<ExpectedItem> = fc.oneof(
  anyCounted.map((counted): ExpectedItem => ({ kind: 'segment', ...counted })),
  fc
    .array(anyInGroup, { minLength: 2, maxLength: MAX_IN_ANY_ORDER })
    .map((segments): ExpectedItem => ({ kind: 'any order', segments })),
  fc.constant<ExpectedItem>({ kind: 'gap' }),
);
const anySegments: fc.Arbitrary<ExpectedSegments> = fc
  .tuple(fc.boolean(), anySegment(true), fc.array(anyItem, { maxLength: 12 }), fc.boolean())
  .map(([strict, segment, items, ends]) => ({
    strict,
    items: [{ kind: 'segment', segment, times: ONCE }, ...items, ...(ends ? [{ kind: 'end' } as const] : [])],
  }));

function withoutLines({ strict, items }: ExpectedSegments): ExpectedSegments {
  const strip = ({ segment: { line: _line, ...segment }, times }: CountedSegment): CountedSegment => ({
    segment,
    times,
  });
  const stripped = items.map((item): ExpectedItem => {
    if (item.kind === 'segment') return { kind: 'segment', ...strip(item) };
    return item.kind === 'any order' ? { ...item, segments: item.segments.map(strip) } : item;
  });
  return { strict, items: stripped };
}

test('parse∘render is identity', (t) => {
  t.notThrows(() => {
    fc.assert(
      fc.property(anySegments, (expected) => {
        const text = renderSegments(expected);
        const parsed = parseSegments(text);
        t.deepEqual(withoutLines(parsed), expected);
        t.is(renderSegments(parsed), text);
      }),
    );
  });
});

test('whatever the text, it is read or refused by a syntax error within it', (t) => {
  const words = fc.constantFrom(
    ...'client server > → SYN FIN,ACK none seq ack len win 1 1..2 within after 5 ms ± optional repeat in any order { } ... end strict # \n'.split(
      ' ',
    ),
    '\n',
    '\u{1F600}',
  );
  t.notThrows(() => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(words).map((all) => all.join(' ')),
        ),
        (text) => {
          try {
            t.true(parseSegments(text).items.length > 0);
          } catch (error) {
            if (!(error instanceof SegmentsSyntaxError)) throw error;
            const line = text.split(/\r\n|\n|\r/)[error.line - 1] ?? '';
            t.true(error.column >= 1 && error.column <= Array.from(line).length + 1);
          }
        },
      ),
      { numRuns: 1000 },
    );
  });
});
