import test from 'ava';
import { interferenceWith } from '../../harness/correlate/held-segments.ts';
import { atNs, EPOCH_NS, OPENING, script } from '../support/segment-script.ts';

/** `held` for each line, with a gate on everything that was being released during the line at `index`. */
function heldWhile(index: number, lines: readonly string[]): readonly boolean[] {
  const segments = script(lines);
  const nth = segments[index]?.capturedAtNs ?? 0n;
  const holds = [
    {
      source: {},
      destination: {},
      flags: 0,
      fromNs: nth - EPOCH_NS - 1000n,
      toNs: nth - EPOCH_NS - 1000n,
      releasedNs: nth - EPOCH_NS + 1000n,
    },
  ];
  const { held } = interferenceWith(segments, holds, { offsetNs: EPOCH_NS, errorNs: 1n });
  return segments.map((segment) => held.has(segment));
}

const CASES: readonly (readonly [what: string, lines: readonly string[], held: boolean])[] = [
  ['acknowledged at once, was received', ['client FIN,ACK', 'server ACK'], false],
  ['never acknowledged, does not count as received', ['client FIN,ACK'], true],
  [
    'acknowledged only after it was sent again, does not count as received',
    ['client FIN,ACK', 'client FIN,ACK seq 1', 'server ACK'],
    true,
  ],
  ['which takes no sequence space, was received', ['client ACK', 'server PSH,ACK len 3'], false],
  [
    'whose acknowledgement the other end ignores, was not received',
    ['client ACK ack 1', 'server SYN,ACK seq 0'],
    true,
  ],
  ['RST that nothing follows, was received', ['client RST'], false],
  ['RST after which the other end goes on, was not received', ['client RST', 'server PSH,ACK len 3'], true],
];

for (const [what, lines, held] of CASES) {
  test(`while a gate is being released, a segment ${what}`, (t) => {
    const expected = [...OPENING, ...lines].map((_line, index) => held && index === OPENING.length);
    t.deepEqual(heldWhile(OPENING.length, [...OPENING, ...lines]), expected);
  });
}

test('as long as it is not known that a gate was released, what is acknowledged was received', (t) => {
  const segments = script([...OPENING, 'client PSH,ACK len 3', 'server ACK', 'client PSH,ACK len 5']);
  const hold = { source: {}, destination: {}, flags: 8, fromNs: 0n, toNs: atNs(1) - EPOCH_NS };
  const { held } = interferenceWith(segments, [hold], { offsetNs: EPOCH_NS, errorNs: 1n });
  t.deepEqual([...held], segments.slice(-1));
});

test('without a clock nothing counts as held', (t) => {
  const hold = { source: {}, destination: {}, flags: 0, fromNs: 0n };
  t.is(interferenceWith(script(OPENING), [hold], undefined).held.size, 0);
});

test('while a gate was being set, what was acknowledged was received, and what was not was held', (t) => {
  const segments = script([...OPENING, 'client PSH,ACK len 3', 'server ACK', 'client PSH,ACK len 5']);
  const nowNs = atNs(6) - EPOCH_NS + 1n;
  const hold = { source: {}, destination: {}, flags: 8, askedNs: 0n, fromNs: nowNs };
  const { held } = interferenceWith(segments, [hold], { offsetNs: EPOCH_NS, errorNs: 1n });
  t.deepEqual([...held], segments.slice(-1));
});
