/** The matcher takes every legal way to carry an exchange, and none that is another exchange. */
import test from 'ava';
import fc from 'fast-check';
import { matchSegments } from '../../../harness/expect/segments/match-segments.ts';
import { parseSegments } from '../../../harness/expect/segments/parse-segments.ts';
import { otherSide } from '../../../harness/model/connection.ts';
import { connectionOf } from '../../support/segment-script.ts';
import { anyExchange, anyLiberties, type Exchange, freely, plainly, textOf } from './_exchange.ts';

function outcomeOf(text: string, lines: readonly string[], strict = false): string {
  return matchSegments({ ...parseSegments(text), strict }, connectionOf(lines).segments).outcome;
}

test('every legal variant is accepted: split, merged, late, riding on a FIN, sent again', (t) => {
  t.notThrows(() => {
    fc.assert(
      fc.property(anyExchange, anyLiberties, (exchange, liberties) => {
        const lines = freely(exchange, liberties);
        t.is(outcomeOf(textOf(exchange), lines), 'matched', lines.join('\n'));
      }),
      { numRuns: 1500 },
    );
  });
});

test('strictly, exactly what the text has is accepted, and any variant that differs is not', (t) => {
  t.notThrows(() => {
    fc.assert(
      fc.property(anyExchange, anyLiberties, (exchange, liberties) => {
        const [plain, lines] = [plainly(exchange), freely(exchange, liberties)];
        t.is(outcomeOf(textOf(exchange), plain, true), 'matched');
        const isSame = plain.join('\n') === lines.join('\n').replaceAll(/(?<= ACK| PSH,ACK.*) seq \d+/g, '');
        t.is(outcomeOf(textOf(exchange), lines, true), isSame ? 'matched' : 'mismatch', lines.join('\n'));
      }),
    );
  });
});

/** What makes another exchange of one; undefined where it does not apply. `at` is any number. */
const OTHERS: Readonly<Record<string, (exchange: Exchange, at: number) => Exchange | undefined>> = {
  'a message is longer': ({ messages, closer }, at) => {
    const index = at % messages.length;
    const message = messages[index];
    return message && { messages: messages.with(index, { ...message, bytes: message.bytes + 1 }), closer };
  },
  'a message comes from the other side': ({ messages, closer }, at) => {
    const index = at % messages.length;
    const message = messages[index];
    return message && { messages: messages.with(index, { ...message, by: otherSide(message.by) }), closer };
  },
  'a message is missing': ({ messages, closer }, at) => {
    return messages.length === 0
      ? undefined
      : { messages: messages.toSpliced(at % messages.length, 1), closer };
  },
  'two messages of different sides change places': ({ messages, closer }, at) => {
    const index = at % messages.length;
    const [one, two] = [messages[index], messages[index + 1]];
    if (one === undefined || two === undefined || one.by === two.by) return undefined;
    return { messages: messages.toSpliced(index, 2, two, one), closer };
  },
  'the other side closes first': ({ messages, closer }) => ({ messages, closer: otherSide(closer) }),
};

for (const [what, change] of Object.entries(OTHERS)) {
  test(`an exchange is rejected, however carried, when ${what}`, (t) => {
    t.notThrows(() => {
      fc.assert(
        fc.property(anyExchange, anyLiberties, fc.nat(100), (exchange, liberties, at) => {
          const other = change(exchange, at);
          fc.pre(other !== undefined);
          const lines = freely(other, liberties);
          t.is(outcomeOf(textOf(exchange), lines), 'mismatch', lines.join('\n'));
        }),
        { numRuns: 300 },
      );
    });
  });
}

/** What spoils a script, whatever the exchange; undefined where it does not apply. */
const SPOILT: Readonly<Record<string, (lines: readonly string[], at: number) => string[] | undefined>> = {
  'it is cut off before the last ACK': (lines, at) => lines.slice(0, 1 + (at % (lines.length - 1))),
  'a RST comes in': (lines, at) => lines.toSpliced(2 + (at % (lines.length - 2)), 0, 'server RST,ACK'),
  'a FIN is a RST': (lines) => {
    const index = lines.findIndex((line) => line.includes('FIN'));
    return lines.with(index, (lines[index] ?? '').replace(/FIN,ACK.*/, 'RST,ACK'));
  },
  'data follows the close': (lines) => [...lines, 'client ACK len 3'],
  'octets are acknowledged that were never sent': (lines, at) => {
    const plain = lines.map((line, index) => ({ line, index })).filter(({ line }) => /^\w+ ACK$/.test(line));
    const chosen = plain[at % plain.length];
    return chosen && lines.with(chosen.index, `${chosen.line} ack 5000`);
  },
};

for (const [what, spoil] of Object.entries(SPOILT)) {
  test(`an exchange is rejected, however carried, when ${what}`, (t) => {
    t.notThrows(() => {
      fc.assert(
        fc.property(anyExchange, anyLiberties, fc.nat(100), (exchange, liberties, at) => {
          // Copies at the end make a cut harmless: what came before it was whole.
          const lines = spoil(freely(exchange, { ...liberties, again: ['no'] }), at);
          fc.pre(lines !== undefined);
          t.is(outcomeOf(textOf(exchange), lines), 'mismatch', lines.join('\n'));
        }),
        { numRuns: 300 },
      );
    });
  });
}
