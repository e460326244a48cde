import test from 'ava';
import fc from 'fast-check';
import { Flag, flagsText, hasFlags, parseFlags, sequenceLength } from '../../harness/model/segment.ts';

const TEXTS: readonly (readonly [flags: number, text: string])[] = [
  [0x002, 'SYN'],
  [0x012, 'SYN,ACK'],
  [0x010, 'ACK'],
  [0x011, 'FIN,ACK'],
  [0x019, 'FIN,PSH,ACK'],
  [0x004, 'RST'],
  [0x014, 'RST,ACK'],
  [0x0c2, 'SYN,ECE,CWR'],
  [0x1c2, 'SYN,ECE,CWR,AE'],
  [0x030, 'URG,ACK'],
  [0x1ff, 'SYN,FIN,RST,PSH,URG,ECE,CWR,AE,ACK'],
];

for (const [flags, text] of TEXTS) {
  test(`0x${flags.toString(16).padStart(3, '0')} is said ${text}, and read back`, (t) => {
    t.is(flagsText(flags), text);
    t.is(parseFlags(text), flags);
  });
}

test('no flag at all is said none', (t) => {
  t.is(flagsText(0), 'none');
});

test('flags are read in any order', (t) => {
  t.is(parseFlags('ACK,SYN'), parseFlags('SYN,ACK'));
});

test('every mix of flags is said and read back', (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 0x1ff }), (flags) => {
      t.is(parseFlags(flagsText(flags)), flags);
    }),
  );
});

for (const text of ['', 'syn', 'SYN, ACK', 'FIN,', 'toString', 'none']) {
  test(`"${text}" is not read as flags`, (t) => {
    t.throws(() => parseFlags(text), {
      instanceOf: TypeError,
      message: /Unknown TCP flag .*; known: FIN, SYN, RST/,
    });
  });
}

test('hasFlags asks for every bit', (t) => {
  t.true(hasFlags({ flags: 0x12 }, Flag.SYN | Flag.ACK));
  t.false(hasFlags({ flags: 0x02 }, Flag.SYN | Flag.ACK));
  t.true(hasFlags({ flags: 0x02 }, 0));
});

test('SYN and FIN each take one number, RST, ACK and the others none', (t) => {
  const lengthOf = (flags: string, payloadBytes = 0): number => {
    return sequenceLength({ flags: parseFlags(flags), payloadBytes });
  };
  t.is(lengthOf('SYN'), 1);
  t.is(lengthOf('SYN,ACK'), 1);
  t.is(lengthOf('FIN,ACK'), 1);
  t.is(lengthOf('FIN,PSH,ACK', 10), 11);
  t.is(lengthOf('SYN,FIN', 3), 5);
  t.is(lengthOf('RST,PSH,URG,ECE,CWR,AE,ACK'), 0);
  t.is(lengthOf('ACK', 1460), 1460);
});
