import test from 'ava';
import fc from 'fast-check';
import stringWidth from 'string-width';
import type { Connection, Side } from '../../harness/model/connection.ts';
import { TCP_STATES } from '../../harness/model/tcp-state.ts';
import type { ClaimResult, Mismatch, Verdict } from '../../harness/model/verdict.ts';
import { type LadderOptions, renderLadder } from '../../harness/report/terminal/ladder.ts';
import { renderClaims, renderMismatch, renderVerdicts } from '../../harness/report/terminal/verdicts.ts';
import { call, connection, event, observed, type SegmentStep } from '../support/connection.ts';

const side = fc.constantFrom<Side>('client', 'server');
const state = fc.constantFrom(...TCP_STATES);
const atMs = fc.oneof(fc.double({ min: -20, max: 400, noNaN: true }), fc.integer({ min: -5, max: 1e9 }));
const FLAGS = [
  'SYN',
  'SYN,ACK',
  'ACK',
  'PSH,ACK',
  'FIN,PSH,ACK',
  'RST',
  'SYN,FIN,RST,PSH,URG,ECE,CWR,AE,ACK',
];

/** Scripts of all widths, escape sequences, controls, bidi overrides, words longer than a line. */
const outside = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 60 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '后端服务器 连接已重置'.repeat(6),
    'e\u0301\u0301'.repeat(70),
    '👩‍👩‍👧'.repeat(50),
    '\u001B[31mred\u001B[0m\u001B]8;;http://x\u0007link',
    '\u202Eevil\u2069\u0007\b\r\n\u0085\u009B2J\u2028',
    'x'.repeat(300),
    '/a/very/long/path/without/any/space/'.repeat(5),
    'several   words  with   wide   gaps '.repeat(4),
    ' ',
    '',
  ),
);

const step: fc.Arbitrary<SegmentStep> = fc.record(
  {
    from: side,
    flags: fc.constantFrom(...FLAGS),
    atMs,
    states: fc.tuple(state, state),
    bytes: fc.nat(65_483),
    sequence: fc.integer({ min: -(2 ** 31), max: 2 ** 32 }),
    acknowledgment: fc.integer({ min: -(2 ** 31), max: 2 ** 32 }),
    frame: fc.integer({ min: 1, max: 1e9 }),
    retransmission: fc.boolean(),
    delivered: fc.boolean(),
    window: fc.constantFrom(0, 512),
    anomalies: fc.array(outside, { maxLength: 2 }),
    options: fc.constantFrom({}, { mss: 65495, windowScale: 14, sackBlocks: [[1, 2] as const] }),
  },
  { requiredKeys: ['from', 'flags', 'atMs'] },
);

const jsReport = fc
  .record({ side, atMs, isCall: fc.boolean(), name: outside, code: outside, bytes: fc.nat() })
  .map(({ side: at, atMs: ms, isCall, name, code, bytes }) =>
    (isCall ? call : event)(at, name, ms, { code, bytes, hadError: true, by: 'node' }),
  );

const sighting = fc
  .tuple(side, state, atMs)
  .map(([at, seen, ms]) => observed(at, seen, [[ms, ms + 8] as const, [ms + 50, ms + 58] as const]));

const endpoint = fc.record({
  address: fc.oneof(fc.ipV4(), fc.ipV6(), outside),
  port: fc.integer({ min: 0, max: 65535 }),
});

const anyConnection: fc.Arbitrary<Connection> = fc
  .record({
    segments: fc.array(step, { maxLength: 8 }),
    js: fc.array(jsReport, { maxLength: 4 }),
    observedStates: fc.array(sighting, { maxLength: 4 }),
    client: endpoint,
    server: endpoint,
  })
  .map(connection);

const mismatch: fc.Arbitrary<Mismatch> = fc.record(
  {
    expected: outside,
    observed: outside,
    cause: outside,
    seen: outside,
    frame: fc.integer({ min: 1, max: 8 }),
  },
  { requiredKeys: ['expected', 'observed'] },
);

const verdict: fc.Arbitrary<Verdict> = fc.record({
  title: outside,
  status: fc.constantFrom('met', 'violated', 'undetermined'),
  reason: outside,
  mismatches: fc.array(mismatch, { maxLength: 2 }),
});

const claim: fc.Arbitrary<ClaimResult> = fc.record({
  claim: fc.integer({ min: 1, max: 8 }),
  text: outside,
  outcome: fc.constantFrom('confirmed', 'refuted'),
  evidence: outside,
});

const columns = fc.integer({ min: 40, max: 240 });

const anyOptions: fc.Arbitrary<LadderOptions> = fc.record(
  {
    columns,
    ascii: fc.boolean(),
    color: fc.boolean(),
    verdicts: fc.array(verdict, { maxLength: 2 }),
    claims: fc.array(claim, { maxLength: 2 }),
    clientLabel: outside,
    serverLabel: outside,
    title: outside,
    explanation: outside,
  },
  { requiredKeys: ['columns'] },
);

/** Colours that we add ourselves. */
const OWN_COLOURS = /\u001B\[\d+m/gu;

function badLine(text: string, width: number): string | undefined {
  return text.split('\n').find((line) => {
    const plain = line.replace(OWN_COLOURS, '');
    return stringWidth(plain) > width || /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(plain);
  });
}

test('no ladder throws, is wider than its columns, or lets a control character through', (t) => {
  fc.assert(
    fc.property(anyConnection, anyOptions, (drawn, options) => {
      const bad = badLine(renderLadder(drawn, options), options.columns ?? 80);
      return bad === undefined;
    }),
    { numRuns: 400 },
  );
  t.pass();
});

test('a ladder without colours contains no escape sequence whatever it is given', (t) => {
  fc.assert(
    fc.property(anyConnection, anyOptions, (drawn, options) => {
      return !renderLadder(drawn, { ...options, color: false }).includes('\u001B');
    }),
    { numRuns: 100 },
  );
  t.pass();
});

test('no verdict, claim or mismatch is wider than its columns or lets a control character through', (t) => {
  fc.assert(
    fc.property(verdict, claim, mismatch, columns, (judged, claimed, missed, width) => {
      const options = { columns: width, color: true };
      return [
        renderVerdicts([judged, judged], options),
        renderClaims([claimed], options),
        renderMismatch(missed, options),
      ].every((text) => badLine(text, width) === undefined);
    }),
    { numRuns: 300 },
  );
  t.pass();
});

test('the same connection gives the same ladder', (t) => {
  fc.assert(
    fc.property(anyConnection, anyOptions, (drawn, options) => {
      return renderLadder(drawn, options) === renderLadder(structuredClone(drawn), options);
    }),
    { numRuns: 50 },
  );
  t.pass();
});
