/** Packetdrill scripts played to a Linux kernel: what it sent, and the states that it said it was in. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { groupSegments } from '../../harness/correlate/group-segments.ts';
import { trackSegments } from '../../harness/correlate/track-segments.ts';
import type { TrackedSegment } from '../../harness/model/connection.ts';
import { Flag, type Segment } from '../../harness/model/segment.ts';
import type { TcpState } from '../../harness/model/tcp-state.ts';
import { CORPUS, corpusCases, missingCorpus } from '../support/corpus.ts';
import { decodeOnce } from '../support/decode.ts';
import { readCapture } from '../support/read-frames.ts';
import { requireCapability } from '../support/require.ts';

interface Script {
  readonly trace: string;
  readonly events: readonly ScriptEvent[];
}

interface ScriptEvent {
  readonly kind: 'packet' | 'assert';
  readonly line: number;
  /** `out`: sent by the kernel. */
  readonly dir?: 'in' | 'out';
  /** `S.`, `P.`, `F.`, `R`: as tcpdump writes them. */
  readonly flags?: string;
  /** Relative; that of a SYN is as the script chose it. */
  readonly seq?: number;
  readonly len?: number;
  readonly ack?: number | null;
  readonly win?: number | null;
  readonly opts?: string | null;
  /** `tcpi_state == TCP_CLOSING`. */
  readonly text?: string;
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
  const segments: Segment[] = [];
  for (const frame of readCapture(readFileSync(path.join(CORPUS, 'packetdrill', trace))).frames) {
    const { segment } = decodeOnce(frame.linkType, frame.bytes, frame.originalBytes);
    const { ordinal, capturedAtNs } = frame;
    if (segment !== undefined) segments.push({ ...segment, frame: ordinal, capturedAtNs });
  }
  return groupSegments(segments).map((group) => trackSegments(group));
}

/** Every segment of a trace in its connection, in capture order. */
function segmentsOf(script: Script): TrackedSegment[] {
  return connectionsOf(script)
    .flat()
    .sort((a, b) => a.segment.frame - b.segment.frame);
}

const FLAG_LETTERS: Readonly<Record<string, number>> = {
  S: Flag.SYN,
  F: Flag.FIN,
  R: Flag.RST,
  P: Flag.PSH,
  '.': Flag.ACK,
};

/** What a script says of a packet and a trace has differently. */
function differences(event: ScriptEvent, { segment, sequence, acknowledgment }: TrackedSegment): string[] {
  const flags = Array.from(event.flags ?? '').reduce((all, letter) => all | (FLAG_LETTERS[letter] ?? 0), 0);
  const isSyn = (flags & Flag.SYN) !== 0;
  const { options } = segment;
  const facts: readonly (readonly [string, unknown, unknown])[] = [
    ['flags', flags, segment.flags],
    ['seq', isSyn ? 0 : event.seq, sequence],
    ['len', event.len, segment.payloadBytes],
    ['ack', event.ack, acknowledgment],
    ['win', event.win, segment.window],
    ['mss', scriptOption(event, /mss (\d+)/), options.mss],
    ['wscale', scriptOption(event, /wscale (\d+)/), options.windowScale],
    ['sackOK', event.opts?.includes('sackOK') === true ? true : undefined, options.sackPermitted],
  ];
  return facts
    .filter(([, expected, observed]) => expected !== undefined && expected !== null && expected !== observed)
    .map(([name, expected, observed]) => `${name} ${String(expected)}, not ${String(observed)}`);
}

function scriptOption({ opts }: ScriptEvent, pattern: RegExp): number | undefined {
  const found = pattern.exec(opts ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

/** The script's packets that are not in the trace, in order. */
function missingPackets(script: Script): string[] {
  const segments = segmentsOf(script);
  const packets = script.events.filter(({ kind }) => kind === 'packet');
  const sender = segments[0]?.segment.source.address;
  const kernel = packets[0]?.dir === 'out' ? sender : segments[0]?.segment.destination.address;
  let at = 0;
  // Of each direction, the number of its latest SYN: the SYN,ACK that answers it counts from 0, too.
  const initial = { in: 0, out: 0 };
  return packets.flatMap((event) => {
    const { dir = 'in', flags = '', seq = 0, ack } = event;
    if (flags === 'S') initial[dir] = seq;
    const base = initial[dir === 'in' ? 'out' : 'in'];
    const wanted = flags === 'S.' && typeof ack === 'number' ? { ...event, ack: ack - base } : event;
    const left = segments.slice(at).filter(({ segment }) => {
      return (segment.source.address === kernel) === (dir === 'out');
    });
    const found = left.findIndex((_, index) => segmentsThatMake(wanted, left.slice(index)) > 0);
    if (found === -1) {
      const how = left[0] === undefined ? ['none of that direction left'] : differences(wanted, left[0]);
      return [`${script.trace}, line ${event.line}: ${how.join('; ')}`];
    }
    const last = left[found + segmentsThatMake(wanted, left.slice(found)) - 1];
    at = last === undefined ? segments.length : segments.indexOf(last) + 1;
    return [];
  });
}

/**
 * How many of these, from the first on, are the packet that a script names: 0 when they are not. The kernel hands one
 * large packet over as several where its pacing says so; only the last then has PSH.
 */
function segmentsThatMake(event: ScriptEvent, segments: readonly TrackedSegment[]): number {
  let octets = 0;
  for (const [index, part] of segments.entries()) {
    const left = (event.len ?? 0) - octets;
    const rest = { ...event, seq: (event.seq ?? 0) + octets, len: left };
    if (differences(rest, part).length === 0) return index + 1;
    const isPart = part.segment.payloadBytes > 0 && part.segment.payloadBytes < left;
    const asPart = { ...rest, len: part.segment.payloadBytes };
    const isWithoutPush = differences({ ...asPart, flags: '.' }, part).length === 0;
    if (!isPart || !(isWithoutPush || differences(asPart, part).length === 0)) return 0;
    octets += part.segment.payloadBytes;
  }
  return 0;
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

test('every packet that a script expects or injects is found in its trace, in order', (t) => {
  if (!requireCapability(t, 'corpus', missingCorpus('packetdrill'))) return;
  const scripts = corpusCases('packetdrill') as Script[];
  t.true(scripts.length >= 31);
  const packets = scripts.flatMap(({ events }) => events).filter(({ kind }) => kind === 'packet').length;
  t.true(packets >= 378);
  t.deepEqual(scripts.flatMap(missingPackets), []);
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
