/** Packetdrill's expected segments, as text, held against what crossed when a kernel played them. */
import test from 'ava';
import { matchSegments } from '../../../harness/expect/segments/match-segments.ts';
import { parseSegments } from '../../../harness/expect/segments/parse-segments.ts';
import type { TrackedSegment } from '../../../harness/model/connection.ts';
import { corpusCases, missingCorpus } from '../../support/corpus.ts';
import { requireCapability } from '../../support/require.ts';
import { connectionsOf, linesOf, type PacketLine, type Script, textOf } from './_packetdrill.ts';

/** Scripts of one connection; those of more have the packets of all in one list. */
function singleScripts(): { script: Script; lines: PacketLine[]; segments: readonly TrackedSegment[] }[] {
  return (corpusCases('packetdrill') as Script[]).flatMap((script) => {
    const [segments = [], ...others] = connectionsOf(script);
    return others.length > 0 ? [] : [{ script, lines: linesOf(script), segments }];
  });
}

function outcomeOf(lines: readonly PacketLine[], segments: readonly TrackedSegment[]): string {
  return matchSegments(parseSegments(textOf(lines)), segments).outcome;
}

test('each script of one connection is matched by what crossed', (t) => {
  if (!requireCapability(t, 'corpus', missingCorpus('packetdrill'))) return;
  const scripts = singleScripts();
  t.is(scripts.length, 14);
  for (const { script, lines, segments } of scripts)
    t.is(outcomeOf(lines, segments), 'matched', script.trace);
});

/** Each says something that did not happen, of lines of which it can be said. */
const CHANGES: Readonly<Record<string, (line: PacketLine) => PacketLine | undefined>> = {
  'a length': (line) =>
    line.len > 0 || line.flags.includes('FIN') ? { ...line, len: line.len + 1 } : undefined,
  'the side': (line) => {
    // What both sides said in turn is said by the other, too.
    const other = line.from === 'client > server' ? 'server > client' : 'client > server';
    return line.len > 0 || /SYN|FIN|RST/.test(line.flags) ? { ...line, from: other } : undefined;
  },
  'a sequence number': (line) => ({ ...line, seq: line.seq + 1_000_000 }),
  'an acknowledgement beyond all': (line) => (line.ack === null ? undefined : { ...line, ack: 1_000_000 }),
  'a RST in place of an ACK': (line) => (line.flags === 'ACK' ? { ...line, flags: 'RST' } : undefined),
  'a FIN in place of an ACK': (line) => (line.flags === 'ACK' ? { ...line, flags: 'FIN,ACK' } : undefined),
};

for (const [what, change] of Object.entries(CHANGES)) {
  test(`${what} that is changed in any line of any script is a mismatch`, (t) => {
    if (!requireCapability(t, 'corpus', missingCorpus('packetdrill'))) return;
    let changed = 0;
    for (const { script, lines, segments } of singleScripts()) {
      for (const [index, line] of lines.entries()) {
        const other = change(line);
        // Behind the last line packetdrill cleans up, by a FIN or RST that no script names.
        const isCleaningUp =
          index === lines.length - 1 && line.flags === 'ACK' && line.flags !== other?.flags;
        if (other === undefined || isCleaningUp) continue;
        changed += 1;
        t.is(
          outcomeOf(lines.with(index, other), segments),
          'mismatch',
          `${script.trace} packet ${index + 1}`,
        );
      }
    }
    t.true(changed >= 10, `${changed} lines changed`);
  });
}
