/** Packetdrill scripts played to a Linux kernel: what it sent, and the states that it said it was in. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { groupSegments } from '../../harness/correlate/group-segments.ts';
import { trackSegments } from '../../harness/correlate/track-segments.ts';
import type { TrackedSegment } from '../../harness/model/connection.ts';
import type { Segment } from '../../harness/model/segment.ts';
import type { TcpState } from '../../harness/model/tcp-state.ts';
import { decodeFrame, segmentOf } from '../../harness/wire/decode-frame.ts';
import { PcapReader } from '../../harness/wire/pcap.ts';
import { CORPUS, corpusCases, missingCorpus } from '../support/corpus.ts';
import { requireCapability } from '../support/require.ts';

interface Script {
  readonly trace: string;
  readonly events: readonly {
    readonly kind: 'packet' | 'assert';
    /** `out`: sent by the kernel. */
    readonly dir?: 'in' | 'out';
    /** `tcpi_state == TCP_CLOSING`. */
    readonly text?: string;
  }[];
}

/** As tcp_states.h spells them, for those that the corpus asserts. */
const STATES: Readonly<Record<string, TcpState>> = {
  TCP_CLOSE: 'CLOSED',
  TCP_CLOSING: 'CLOSING',
  TCP_FIN_WAIT1: 'FIN-WAIT-1',
  TCP_LAST_ACK: 'LAST-ACK',
};

/** The connections of a script's trace. */
function connectionsOf({ trace }: Script): TrackedSegment[][] {
  const reader = new PcapReader();
  const segments: Segment[] = [];
  for (const frame of reader.read(readFileSync(path.join(CORPUS, 'packetdrill', trace)))) {
    const decoded = decodeFrame(reader.header?.linkType ?? -1, frame.bytes, frame.originalBytes);
    const segment = segmentOf(decoded, frame);
    if (segment !== undefined) segments.push(segment);
  }
  return groupSegments(segments).map((group) => trackSegments(group));
}

/** The last packet before an event, as the n-th of its direction: the kernel may send ACKs that no script names. */
function lastPacketBefore(
  { events }: Script,
  index: number,
): { readonly dir: 'in' | 'out' | undefined; readonly ordinal: number } {
  const packets = events.slice(0, index).filter(({ kind }) => kind === 'packet');
  const dir = packets.at(-1)?.dir;
  return { dir, ordinal: packets.filter((packet) => packet.dir === dir).length - 1 };
}

test('at each assertion the kernel’s end is in the state that the kernel was in', (t) => {
  if (!requireCapability(t, 'corpus', missingCorpus('packetdrill'))) return;
  let asserted = 0;
  for (const script of corpusCases('packetdrill') as Script[]) {
    const [tracked = []] = connectionsOf(script);
    for (const [index, { text }] of script.events.entries()) {
      const name = /^tcpi_state == (\w+)$/.exec(text ?? '')?.[1];
      if (name === undefined) continue;
      const kernel = script.events[0]?.dir === 'out' ? 'client' : 'server';
      const last = lastPacketBefore(script, index);
      const segment = tracked.filter(({ from }) => (from === kernel) === (last.dir === 'out'))[last.ordinal];
      t.is(segment?.statesAfter[kernel], STATES[name], `${script.trace}: ${name}`);
      asserted += 1;
    }
  }
  t.is(asserted, 4);
});

test('what a Linux kernel and its packetdrill say to each other brings up no anomaly', (t) => {
  if (!requireCapability(t, 'corpus', missingCorpus('packetdrill'))) return;
  const scripts = corpusCases('packetdrill') as Script[];
  const anomalies = scripts.flatMap((script) => {
    return connectionsOf(script).flatMap((tracked) => {
      return tracked.flatMap((segment) => segment.anomalies.map((what) => `${script.trace}: ${what}`));
    });
  });
  t.true(scripts.length > 0);
  t.deepEqual(anomalies, []);
});
