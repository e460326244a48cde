import test from 'ava';
import fc from 'fast-check';
import { FIELDS } from '../../harness/analyze/fields.ts';
import { parseWhere } from '../../harness/analyze/where.ts';
import type { ConnectionRow } from '../../harness/model/connection-row.ts';
import { row } from '../support/row.ts';

type Case = readonly [text: string, matching: Partial<ConnectionRow>, other: Partial<ConnectionRow>];

const CASES: readonly Case[] = [
  [
    'closedBy=server and reset',
    { closedBy: 'server', ending: 'reset' },
    { closedBy: 'server', ending: 'closed' },
  ],
  ['closedBy = server', { closedBy: 'server' }, { closedBy: 'client' }],
  ['closedby=SERVER', { closedBy: 'server' }, { closedBy: undefined }],
  ['closedBy != server', { closedBy: undefined }, { closedBy: 'server' }],
  ['not closed', { ending: 'open' }, { ending: 'closed' }],
  ['not (closed or reset)', { ending: 'refused' }, { ending: 'reset' }],
  [
    'reset or refused and synRetries>1',
    { ending: 'reset', synRetries: 0 },
    { ending: 'refused', synRetries: 1 },
  ],
  [
    '(reset or refused) and synRetries>1',
    { ending: 'refused', synRetries: 2 },
    { ending: 'reset', synRetries: 0 },
  ],
  ['rtt > 20', { rttMedianNs: 20_000_001 }, { rttMedianNs: 20_000_000 }],
  ['rtt >= 20', { rttMedianNs: 20_000_000 }, { rttMedianNs: undefined }],
  ['rtt < 1.5', { rttMedianNs: 1_400_000 }, { rttMedianNs: undefined }],
  ['handshake', { handshakeNs: 1 }, { handshakeNs: undefined }],
  ['fastOpen = yes', { fastOpen: true }, { fastOpen: false }],
  [
    'server ~ ":443"',
    { server: { address: '10.0.0.1', port: 443 } },
    { server: { address: '10.0.0.1', port: 80 } },
  ],
  ['closedBy < m', { closedBy: 'client' }, { closedBy: undefined }],
  ['not closedBy < m', { closedBy: undefined }, { closedBy: 'client' }],
  ['serverAddress=::1', { server: { address: '::1', port: 1 } }, { server: { address: '::2', port: 1 } }],
  ['zeekHistory ~ "^h"', { zeekHistory: '^hadf' }, { zeekHistory: 'ShAD' }],
];

for (const [text, matching, other] of CASES) {
  test(`--where ${text}`, (t) => {
    const matches = parseWhere(text);
    t.true(matches(row(matching)), 'what it speaks of');
    t.false(matches(row(other)), 'what it does not');
  });
}

const WRONG: readonly (readonly [text: string, column: number, problem: RegExp])[] = [
  ['', 1, /something is missing/],
  ['colour=red', 1, /no field "colour"/],
  ['closed and', 11, /something is missing/],
  ['closedBy=', 10, /a value is missing/],
  ['rtt > fast', 7, /rtt is a number/],
  ['reset = maybe', 9, /true or false/],
  ['(closed', 8, /parenthesis is missing/],
  ['closed reset', 8, /"reset" was not expected/],
  ['closed) or reset', 7, /"\)" was not expected/],
  ['server = "open', 9, /cannot be read/],
];

test('what is nested deeper than anybody writes is refused, and no stack overflows', (t) => {
  for (const [open, close] of [
    ['(', ')'],
    ['not ', ''],
  ] as const) {
    const nested = (depth: number): string => `${open.repeat(depth)}closed${close.repeat(depth)}`;
    t.true(parseWhere(nested(100))(row({ ending: 'closed' })));
    for (const depth of [101, 200, 100_000]) {
      t.throws(() => parseWhere(nested(depth)), {
        code: 'ERR_FINWAIT_USAGE',
        message: /more than 100 within/,
      });
    }
  }
  t.true(parseWhere(new Array(1000).fill('(not closed)').join(' or '))(row({ ending: 'open' })));
});

for (const [text, column, problem] of WRONG) {
  test(`--where ${text || '(nothing)'} is refused at column ${column}`, (t) => {
    const error = t.throws(() => parseWhere(text), { code: 'ERR_FINWAIT_USAGE', message: problem });
    t.true(error.message.includes(`column ${column}:`), error.message);
  });
}

test('any text is a condition or a usage error', (t) => {
  const words = fc.constantFrom(
    'closed',
    'and',
    'or',
    'not',
    '(',
    ')',
    '=',
    '<',
    '"x"',
    'rtt',
    '5',
    'reset',
    '~',
    '\u0000',
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(words).map((list) => list.join(' ')),
      ),
      (text) => {
        try {
          t.is(typeof parseWhere(text)(row({})), 'boolean');
        } catch (error) {
          t.is((error as { code?: string }).code, 'ERR_FINWAIT_USAGE');
        }
      },
    ),
  );
  t.pass();
});

test('each field has a name of its own and a line about it', (t) => {
  t.is(new Set(FIELDS.map(({ name }) => name.toLowerCase())).size, FIELDS.length);
  for (const { about } of FIELDS) t.regex(about, /\w+ ?\w*/);
});

test('a value that a field never has is refused, with those that it has', (t) => {
  for (const [text, hint] of [
    ['closedBy=sever', /one of: client, server/],
    ['ending != shut', /one of: closed, reset/],
    ['clientState = ESTAB', /SYN-SENT, SYN-RECEIVED/],
  ] as const) {
    const error = t.throws(() => parseWhere(text), { code: 'ERR_FINWAIT_USAGE', message: /is never/ });
    t.regex((error as unknown as { hint: string }).hint, hint);
  }
  t.true(parseWhere('closedBy = CLIENT')(row({ closedBy: 'client' })));
  t.true(parseWhere('ending ~ half')(row({ ending: 'half-closed' })));
});

test('a name that is nearly a field’s brings up that field', (t) => {
  const error = t.throws(() => parseWhere('retransmission > 3'), { message: /no field "retransmission"/ });
  t.regex((error as unknown as { hint: string }).hint, /^Did you mean retransmissions\? Fields: id, /);
});

test('what is known without packets is judged, the rest is undetermined', (t) => {
  const server = { address: '10.0.0.1', port: 443 };
  const facts = { id: 1, server, ending: 'reset', resetBy: 'server', closedBy: undefined } as const;
  const judged = (text: string): boolean | undefined => parseWhere(text).byFacts(facts);
  t.true(judged('reset and resetBy=server'));
  t.true(judged('not closed'));
  t.true(judged('server ~ ":443" and closedBy != client'));
  t.false(judged('serverPort=80'));
  t.is(judged('rtt > 20'), undefined);
  t.is(judged('not rtt > 20'), undefined);
  t.is(judged('clientPort=1'), undefined, 'a client that failed has no port');
  // One part can be enough.
  t.true(judged('reset or rtt > 20'));
  t.true(judged('rtt > 20 or reset'));
  t.false(judged('rtt > 20 and closed'));
  t.is(judged('rtt > 20 and reset'), undefined);
});
