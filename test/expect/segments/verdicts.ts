/** Texts held against conversations: what is legal, what is not, and how a mismatch is told. */
import test from 'ava';
import { assertMet } from '../../../harness/assert/assert-met.ts';
import { segments } from '../../../harness/expect/segment-expectations.ts';
import { CLOSING_BY_CLIENT, OPENING, type RunOptions, timelineOf } from '../../support/segment-script.ts';
import { DAMAGE, verdictOf } from '../_verdict-of.ts';

const OPENED = 'client > server SYN\nserver > client SYN,ACK ack 1\nclient > server ACK\n';
const CROSSED = [...OPENING, 'client FIN,ACK', 'server FIN,ACK ack 1', 'client ACK', 'server ACK'];

type Case = readonly [what: string, text: string, lines: readonly string[], status: 'met' | 'violated'];

const LENIENT: readonly Case[] = [
  ['more may follow', OPENED, [...OPENING, 'client ACK len 3'], 'met'],
  ['"end" closes the text', `${OPENED}end`, [...OPENING, 'client ACK len 3'], 'violated'],
  [
    '"end" leaves ACKs and retransmissions free',
    `${OPENED}end`,
    [...OPENING, 'server ACK', 'client SYN seq 0'],
    'met',
  ],
  ['the ACK of the SYN,ACK may be a FIN', OPENED, [...OPENING.slice(0, 2), 'client FIN,ACK len 5'], 'met'],
  ['the ACK of the SYN,ACK is no RST', OPENED, [...OPENING.slice(0, 2), 'client RST,ACK'], 'violated'],
  [
    'octets that no line names',
    `${OPENED}client > server FIN`,
    [...OPENING, 'client ACK len 3', 'client FIN,ACK'],
    'violated',
  ],
  [
    'PSH names octets, however many',
    `${OPENED}client > server PSH,ACK\nclient > server FIN`,
    [...OPENING, 'client ACK len 3', 'client FIN,ACK len 4'],
    'met',
  ],
  [
    'len 0.. may be none',
    `${OPENED}client > server ACK len 0..\nclient > server FIN`,
    [...OPENING, 'client FIN,ACK'],
    'met',
  ],
  [
    'FIN with len 0.. may carry some',
    `${OPENED}client > server FIN len 0..\nend`,
    [...OPENING, 'client ACK len 3', 'client FIN,ACK len 4'],
    'met',
  ],
  [
    'FIN with len 0.. may carry none',
    `${OPENED}client > server FIN len 0..\nend`,
    [...OPENING, 'client FIN,ACK'],
    'met',
  ],
  [
    'a range of octets',
    `${OPENED}client > server ACK len 3..5\nserver > client ACK len 1`,
    [...OPENING, 'client ACK len 2', 'client ACK len 2', 'server ACK len 1'],
    'met',
  ],
  [
    'fewer octets than the range',
    `${OPENED}client > server ACK len 3..5\nserver > client ACK len 1`,
    [...OPENING, 'client ACK len 2', 'server ACK len 1'],
    'violated',
  ],
  ['FIN without ACK is every FIN', '...\nclient > server FIN', [...OPENING, 'client FIN,ACK'], 'met'],
  ['SYN is no SYN,ACK', 'client > server SYN\nserver > client SYN', OPENING, 'violated'],
  ['a sequence number that fits', '...\nclient > server FIN seq 1', [...OPENING, 'client FIN,ACK'], 'met'],
  [
    'a sequence number that does not',
    '...\nclient > server FIN seq 2',
    [...OPENING, 'client FIN,ACK'],
    'violated',
  ],
  [
    'ack is at least so much',
    '...\nserver > client ACK len 1 ack 3',
    [...OPENING, 'client ACK len 9', 'server ACK len 1'],
    'met',
  ],
  [
    'ack is not less',
    '...\nserver > client ACK len 1 ack 11',
    [...OPENING, 'client ACK len 9', 'server ACK len 1'],
    'violated',
  ],
  [
    'an ACK that comes behind later octets of the other side',
    `${OPENED}client > server ACK len 1\nserver > client ACK\nclient > server ACK len 2`,
    [...OPENING, 'client ACK len 1', 'client ACK len 2', 'server ACK'],
    'met',
  ],
  [
    'an ACK that never comes',
    `${OPENED}client > server ACK len 1\nserver > client ACK\nclient > server ACK len 2`,
    [...OPENING, 'client ACK len 1', 'client ACK len 2'],
    'violated',
  ],
  [
    'an ACK that comes too late: its sender had spoken',
    `${OPENED}client > server ACK len 1\nserver > client ACK\nserver > client ACK len 2`,
    [...OPENING, 'client ACK len 1', 'server ACK len 2 ack 1', 'server ACK'],
    'violated',
  ],
  [
    'an ACK that came before its line',
    `${OPENED}client > server ACK len 1\nserver > client ACK len 2\nserver > client ACK\nend`,
    [...OPENING, 'client ACK len 1', 'server ACK len 2', 'client ACK'],
    'met',
  ],
  [
    'octets that overtook others',
    `${OPENED}client > server FIN len 6\nserver > client ACK`,
    [...OPENING, 'client FIN,ACK len 3 seq 4', 'client ACK len 3 seq 1', 'server ACK ack 8'],
    'met',
  ],
  [
    'octets that never came',
    `${OPENED}client > server FIN len 6`,
    [...OPENING, 'client FIN,ACK len 3 seq 4'],
    'violated',
  ],
  [
    'part of a segment sent again with more',
    `${OPENED}client > server ACK len 6\nend`,
    [...OPENING, 'client ACK len 3 lost', 'client ACK len 6 seq 1'],
    'met',
  ],
  [
    'either order: the first',
    `${OPENED}in any order {\nclient > server FIN\nserver > client FIN\n}`,
    CROSSED,
    'met',
  ],
  [
    'either order: the second',
    `${OPENED}in any order {\nserver > client FIN\nclient > server FIN\n}`,
    CROSSED,
    'met',
  ],
  [
    'either order: one is missing',
    `${OPENED}in any order {\nserver > client FIN\nclient > server FIN\n}`,
    [...OPENING, 'client FIN,ACK', 'server ACK'],
    'violated',
  ],
  [
    'either order: an optional one is missing',
    `${OPENED}in any order {\nserver > client ACK len 2\nclient > server FIN\noptional server > client RST\n}\nend`,
    [...OPENING, 'client FIN,ACK', 'server ACK len 2'],
    'met',
  ],
  [
    'either order: FINs and ACKs that crossed',
    `${OPENED}in any order {\nserver > client FIN\nclient > server FIN\n}\nin any order {\nserver > client ACK ack 2\nclient > server ACK ack 2\n}\nend`,
    CROSSED,
    'met',
  ],
  [
    'either order: an ACK that never came',
    `${OPENED}in any order {\nserver > client FIN\nclient > server FIN\n}\nin any order {\nserver > client ACK ack 2\nclient > server ACK ack 2\n}\nend`,
    CROSSED.slice(0, 6),
    'violated',
  ],
  [
    'a capture that begins within: an ACK from before the other end spoke is none of its octets',
    'server > client ACK len 9\nclient > server ACK\nserver > client ACK len 3',
    ['client ACK seq 70 ack 90', 'server ACK len 9 seq 90', 'server ACK len 3 seq 99'],
    'violated',
  ],
  [
    'an optional line that comes',
    `${OPENED}optional client > server ACK len 2\nclient > server FIN`,
    [...OPENING, 'client ACK len 2', 'client FIN,ACK'],
    'met',
  ],
  [
    'an optional line that does not',
    `${OPENED}optional client > server ACK len 2\nclient > server FIN`,
    [...OPENING, 'client FIN,ACK'],
    'met',
  ],
  [
    'repeats, in whatever segments',
    `${OPENED}repeat 3 client > server ACK len 10\nclient > server FIN`,
    [...OPENING, 'client ACK len 25', 'client ACK len 5', 'client FIN,ACK'],
    'met',
  ],
  [
    'one repeat too few',
    `${OPENED}repeat 3 client > server ACK len 10\nclient > server FIN`,
    [...OPENING, 'client ACK len 20', 'client FIN,ACK'],
    'violated',
  ],
  [
    'three ACKs of the same, each a segment',
    `${OPENED}client > server ACK len 9\nrepeat 3 server > client ACK`,
    [...OPENING, 'client ACK len 9', 'server ACK', 'server ACK', 'server ACK'],
    'met',
  ],
  [
    'two are not three',
    `${OPENED}client > server ACK len 9\nrepeat 3 server > client ACK`,
    [...OPENING, 'client ACK len 9', 'server ACK', 'server ACK'],
    'violated',
  ],
  [
    'a gap, and what stands behind it in the same segment',
    '...\nclient > server FIN\nend',
    [...OPENING, 'client FIN,ACK len 4'],
    'met',
  ],
  [
    'sent again',
    'client > server SYN\nclient > server SYN again after 900 ms',
    ['client SYN', 'client SYN seq 0 +1000 ms'],
    'met',
  ],
  ['not sent again', 'client > server SYN\nclient > server SYN again', OPENING, 'violated'],
  [
    'lost',
    'client > server SYN lost\nclient > server SYN again\nserver > client SYN,ACK',
    ['client SYN lost', 'client SYN seq 0', 'server SYN,ACK'],
    'met',
  ],
  [
    'time counts from the FIN that arrived',
    `${OPENED}client > server FIN\nserver > client ACK within 5 ms`,
    [...OPENING, 'client FIN,ACK lost', 'client FIN,ACK seq 1 +200 ms', 'server ACK'],
    'met',
  ],
  [
    'octets count when they arrive',
    `${OPENED}server > client PSH\nclient > server FIN`,
    [...OPENING, 'client FIN,ACK lost', 'server PSH,ACK len 3', 'client FIN,ACK seq 1'],
    'met',
  ],
  [
    'a FIN that was lost has not come before them',
    `${OPENED}client > server FIN\nserver > client PSH`,
    [...OPENING, 'client FIN,ACK lost', 'server PSH,ACK len 3', 'client FIN,ACK seq 1'],
    'violated',
  ],
  [
    'a FIN that never arrives',
    `${OPENED}client > server FIN`,
    [...OPENING, 'client FIN,ACK lost'],
    'violated',
  ],
  [
    'an ACK that never arrives',
    `${OPENED}client > server FIN\nserver > client ACK\nend`,
    [...OPENING, 'client FIN,ACK', 'server ACK lost'],
    'violated',
  ],
  [
    'lost octets are no repeated ACK',
    `${OPENED}repeat 2 client > server ACK\nend`,
    [...OPENING, 'client ACK len 3 lost'],
    'violated',
  ],
  ['not lost', 'client > server SYN lost', OPENING, 'violated'],
  ['a window', '...\nserver > client ACK win 512', [...OPENING, 'server ACK'], 'met'],
  ['another window', '...\nserver > client ACK win 0', [...OPENING, 'server ACK'], 'violated'],
  ['an option that is not there', 'client > server SYN mss 1460', OPENING, 'violated'],
  ['in time', `${OPENED}client > server FIN within 5 ms`, [...OPENING, 'client FIN,ACK +5 ms'], 'met'],
  [
    'too late',
    `${OPENED}client > server FIN within 5 ms`,
    [...OPENING, 'client FIN,ACK +5.1 ms'],
    'violated',
  ],
  [
    'too early',
    `${OPENED}client > server FIN after 5 ms`,
    [...OPENING, 'client FIN,ACK +4.9 ms'],
    'violated',
  ],
  [
    'within the tolerance',
    `${OPENED}client > server FIN after 200 ms ±20 ms`,
    [...OPENING, 'client FIN,ACK +181 ms'],
    'met',
  ],
  [
    'beyond the tolerance',
    `${OPENED}client > server FIN after 200 ms ±20 ms`,
    [...OPENING, 'client FIN,ACK +221 ms'],
    'violated',
  ],
  [
    'an ACK in time, behind other octets',
    `${OPENED}client > server ACK len 1\nserver > client ACK within 50 ms\nclient > server ACK len 2`,
    [...OPENING, 'client ACK len 1', 'client ACK len 2', 'server ACK +40 ms'],
    'met',
  ],
  [
    'an ACK too late, behind other octets',
    `${OPENED}client > server ACK len 1\nserver > client ACK within 20 ms\nclient > server ACK len 2`,
    [...OPENING, 'client ACK len 1', 'client ACK len 2', 'server ACK +40 ms'],
    'violated',
  ],
  [
    'an ACK too early, and another in time',
    `${OPENED}client > server ACK len 1\nserver > client ACK after 20 ms`,
    [...OPENING, 'client ACK len 1', 'server ACK', 'server ACK +40 ms'],
    'violated',
  ],
  [
    'any segment of a side, but one that never arrives',
    `${OPENED}server > client\nend`,
    [...OPENING, 'server ACK lost'],
    'violated',
  ],
  [
    'lost octets are no segment of any kind',
    `${OPENED}server > client\nend`,
    [...OPENING, 'server ACK len 3 lost'],
    'violated',
  ],
  [
    'no flags, and never arrived',
    `${OPENED}client > server none\nend`,
    [...OPENING, 'client none lost'],
    'violated',
  ],
  [
    'any segment of a side that is lost',
    `${OPENED}server > client lost\nend`,
    [...OPENING, 'server ACK lost'],
    'met',
  ],
  [
    'any segment of a side, lost and sent again',
    `${OPENED}server > client len 3\nend`,
    [...OPENING, 'server ACK len 3 lost', 'server ACK len 3 seq 1'],
    'met',
  ],
  ['any segment of a side', `${OPENED}server > client\nend`, [...OPENING, 'server RST,ACK'], 'met'],
  [
    'a RST again is an answer to a straggler',
    '...\nserver > client RST\nend',
    [...OPENING, 'server RST,ACK', 'server RST,ACK'],
    'met',
  ],
  ['a RST that no line names', `${OPENED}client > server FIN`, [...OPENING, 'server RST,ACK'], 'violated'],
  [
    'simultaneous open',
    'client > server SYN\nserver > client SYN\nclient > server SYN,ACK\nserver > client SYN,ACK\nend',
    ['client SYN', 'server SYN', 'client SYN,ACK seq 0', 'server SYN,ACK seq 0'],
    'met',
  ],
  [
    'a SYN,ACK of another number inside the connection',
    `${OPENED}client > server FIN`,
    [...OPENING, 'server SYN,ACK seq 900', 'client FIN,ACK'],
    'violated',
  ],
  ['no flags at all', `${OPENED}client > server none`, [...OPENING, 'client none'], 'met'],
  ['no segment at all of such a kind', '...\nclient > server none', OPENING, 'violated'],
];

for (const [what, text, lines, status] of LENIENT) {
  test(`${what}: ${status}`, (t) => {
    t.is(verdictOf(segments(text), lines).status, status);
  });
}

const STRICT_CLOSE = `${OPENED}client > server FIN,ACK\nserver > client ACK\nserver > client FIN,ACK\nclient > server ACK`;

const STRICT: readonly Case[] = [
  ['segment by segment', STRICT_CLOSE, [...OPENING, ...CLOSING_BY_CLIENT], 'met'],
  [
    'an ACK on the FIN',
    STRICT_CLOSE,
    [...OPENING, 'client FIN,ACK', 'server FIN,ACK', 'client ACK'],
    'violated',
  ],
  ['a second ACK', STRICT_CLOSE, [...OPENING, ...CLOSING_BY_CLIENT, 'server ACK'], 'violated'],
  [
    'a retransmission',
    STRICT_CLOSE,
    [...OPENING, 'client FIN,ACK', 'client FIN,ACK seq 1', ...CLOSING_BY_CLIENT.slice(1)],
    'violated',
  ],
  ['a segment that never arrived is on the wire', OPENED, [...OPENING.slice(0, 2), 'client ACK lost'], 'met'],
  [
    'a line of lost asks that it never arrived',
    `${OPENED}client > server FIN,ACK lost`,
    [...OPENING, 'client FIN,ACK'],
    'violated',
  ],
  ['fewer segments', STRICT_CLOSE, [...OPENING, ...CLOSING_BY_CLIENT.slice(0, 3)], 'violated'],
  ['a gap leaves the rest free', `${OPENED}...`, [...OPENING, ...CLOSING_BY_CLIENT], 'met'],
  ['FIN is no FIN,ACK', `${OPENED}client > server FIN`, [...OPENING, 'client FIN,ACK'], 'violated'],
  ['PSH is nobody’s care', `${OPENED}client > server ACK len 3`, [...OPENING, 'client PSH,ACK len 3'], 'met'],
  [
    'PSH that is named',
    `${OPENED}client > server PSH,ACK len 3`,
    [...OPENING, 'client ACK len 3'],
    'violated',
  ],
  [
    'an ACK number to the octet',
    `${OPENED}client > server ACK len 3\nserver > client ACK ack 3`,
    [...OPENING, 'client ACK len 3', 'server ACK'],
    'violated',
  ],
  [
    'an unset length is not looked at',
    `${OPENED}client > server ACK`,
    [...OPENING, 'client ACK len 3'],
    'met',
  ],
  [
    'an optional line',
    `${OPENED}optional client > server ACK len 3\nclient > server FIN,ACK`,
    [...OPENING, 'client FIN,ACK'],
    'met',
  ],
  [
    'repeats are segments',
    `${OPENED}repeat 2 client > server ACK len 3`,
    [...OPENING, 'client ACK len 6'],
    'violated',
  ],
];

for (const [what, text, lines, status] of STRICT) {
  test(`strictly, ${what}: ${status}`, (t) => {
    t.is(verdictOf(segments(text, { strict: true }), lines).status, status);
    t.is(verdictOf(segments(`strict\n${text}`), lines).status, status);
  });
}

const EXAMPLE = `client > server  SYN
server > client  SYN,ACK           ack 1
client > server  ACK
client > server  FIN,ACK  len 10   within 5 ms
server > client  ACK               # may ride on the FIN
`;

test('a mismatch is shown at its segment, expected and observed in the words of the text', (t) => {
  const lines = [...OPENING, 'client FIN,ACK len 12', 'server ACK'];
  const js: RunOptions['js'] = [[3.5, 'client', 'end()']];
  const { status, title, mismatches } = verdictOf(segments(EXAMPLE), lines, { js });
  t.is(status, 'violated');
  t.is(title, 'segments as in the text of 5 lines');
  t.deepEqual(mismatches, [
    {
      expected: 'client → server  FIN,ACK  len 10  within 5 ms  (line 4)',
      observed: 'client → server  FIN,ACK  seq 1  ack 1  len 12  (frame 4)',
      frame: 4,
      cause: 'client end()',
      seen: '#2 SYN,ACK ←   #3 ACK →   #4 FIN,ACK →   #5 ACK ←',
    },
  ]);
});

test('what came too late is told with its time', (t) => {
  const { reason } = verdictOf(segments(EXAMPLE), [
    ...OPENING,
    'client FIN,ACK len 10 +7.25 ms',
    'server ACK',
  ]);
  t.is(reason, 'client → server  FIN,ACK  seq 1  ack 1  len 10  7.25 ms after frame 3  (frame 4)');
});

test('what never came is told behind the last segment', (t) => {
  const { mismatches } = verdictOf(segments(EXAMPLE), [...OPENING, 'client FIN,ACK len 10']);
  t.deepEqual(mismatches, [
    {
      expected: 'server → client  ACK  (line 5)',
      observed: 'nothing more after frame 4',
      seen: '#2 SYN,ACK ←   #3 ACK →   #4 FIN,ACK →',
    },
  ]);
});

test('a RST where an ACK was to come is shown, and not only that the ACK never came', (t) => {
  for (const more of [[], ['client FIN,ACK']]) {
    const lines = [...OPENING, 'client FIN,ACK len 10', 'server RST,ACK', ...more];
    const { mismatches } = verdictOf(segments(EXAMPLE), lines);
    t.is(mismatches[0]?.observed, 'server → client  RST,ACK  seq 1  ack 12  (frame 5)');
  }
});

test('the line whose length is wrong is shown, not the one that gets the rest', (t) => {
  const text = `${OPENED}client > server ACK len 3\nserver > client ACK\nserver > client FIN`;
  const { mismatches } = verdictOf(segments(text), [...OPENING, 'client ACK len 4', 'server FIN,ACK']);
  t.is(mismatches[0]?.expected, 'client → server  ACK  len 3  (line 4)');
});

test('an ACK that is overdue is told at the segment that should have carried it', (t) => {
  const text = `${OPENED}client > server ACK len 4\nserver > client ACK\nserver > client FIN`;
  const { mismatches } = verdictOf(segments(text), [...OPENING, 'client ACK len 4', 'server FIN,ACK ack 1']);
  t.is(mismatches[0]?.expected, 'server → client  ACK  ack 5  (line 5)');
  t.is(
    mismatches[0]?.observed,
    'server → client  FIN,ACK  seq 1  ack 1  without that acknowledgement  (frame 5)',
  );
});

test('the proof names the frames', (t) => {
  const { status, reason } = verdictOf(segments(EXAMPLE), [
    ...OPENING,
    'client FIN,ACK len 10',
    'server FIN,ACK',
  ]);
  t.is(`${status}: ${reason}`, 'met: in frames 1, 2, 3, 4, 5');
});

for (const damage of DAMAGE.filter(({ lane }) => lane === 'wire')) {
  test(`with ${damage.kind} in the wire lane neither a match nor a mismatch is proved`, (t) => {
    const options = { damage: [damage] };
    const matching = [...OPENING, 'client FIN,ACK len 10', 'server ACK'];
    t.is(verdictOf(segments(EXAMPLE), matching, options).status, 'undetermined');
    t.is(verdictOf(segments(EXAMPLE), OPENING, options).status, 'undetermined');
    t.is(verdictOf(segments(EXAMPLE), [...OPENING, 'server RST,ACK'], options).reason, damage.detail);
  });
}

test('assertMet draws the mismatch of a text in the ladder', (t) => {
  const timeline = timelineOf([...OPENING, 'client FIN,ACK len 12', 'server ACK']);
  const { message } = t.throws(() => {
    assertMet(timeline, segments(EXAMPLE));
  });
  t.regex(message, /FIN,ACK[^\n]*len 12[^]*Expected +client → server {2}FIN,ACK {2}len 10[^]*Observed/);
});

test('a misspelt option is a TypeError that names it', (t) => {
  t.throws(() => segments(EXAMPLE, { stict: true } as never), { instanceOf: TypeError, message: /"stict"/ });
});
