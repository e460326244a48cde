/** The corpus's packetdrill scripts as texts of expected segments, and the connections of their captures. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { groupSegments } from '../../../harness/correlate/group-segments.ts';
import { trackSegments } from '../../../harness/correlate/track-segments.ts';
import type { TrackedSegment } from '../../../harness/model/connection.ts';
import type { Segment } from '../../../harness/model/segment.ts';
import { CORPUS } from '../../support/corpus.ts';
import { decodeOnce } from '../../support/decode.ts';
import { readCapture } from '../../support/read-frames.ts';

interface PacketEvent {
  readonly kind: 'packet';
  /** `out`: sent by the kernel. */
  readonly dir: 'in' | 'out';
  /** As tcpdump writes them: `S.`, `F.`, `P.`, `.`. */
  readonly flags: string;
  readonly seq: number;
  readonly len: number;
  readonly ack: number | null;
}

export interface Script {
  readonly trace: string;
  readonly events: readonly (PacketEvent | { readonly kind: 'assert' })[];
}

const LETTERS: Readonly<Record<string, string>> = {
  S: 'SYN',
  F: 'FIN',
  R: 'RST',
  P: 'PSH',
  U: 'URG',
  E: 'ECE',
  W: 'CWR',
  '.': 'ACK',
};

/** What a line says, to be changed. */
export interface PacketLine {
  readonly from: string;
  readonly flags: string;
  readonly seq: number;
  readonly ack: number | null;
  readonly len: number;
  /** packetdrill has no word for it: all its octets were in a line before. */
  readonly again: boolean;
}

export function linesOf({ events }: Script): PacketLine[] {
  const packets = events.filter((event) => event.kind === 'packet');
  const kernel = packets[0]?.dir === 'out' ? 'client' : 'server';
  const sentTo = { in: -1, out: -1 };
  return packets.map(({ dir, flags, seq, len, ack }) => {
    const end = seq + len + (/[SF]/.test(flags) ? 1 : 0);
    const again = end > seq && end <= sentTo[dir];
    if (!flags.includes('R')) sentTo[dir] = Math.max(sentTo[dir], end);
    const from = (dir === 'out') === (kernel === 'client') ? 'client > server' : 'server > client';
    const words = Array.from(flags, (letter) => LETTERS[letter] ?? '?').join(',');
    return { from, flags: words, seq, ack, len, again };
  });
}

export function textOf(lines: readonly PacketLine[]): string {
  return lines
    .map(({ from, flags, seq, ack, len, again }) => {
      const number = ack === null ? '' : ` ack ${ack}`;
      return `${from}  ${flags} seq ${seq}${number} len ${len}${again ? ' again' : ''}`;
    })
    .join('\n');
}

/** The connections of a script's trace. */
export function connectionsOf({ trace }: Script): TrackedSegment[][] {
  const segments: Segment[] = [];
  for (const frame of readCapture(readFileSync(path.join(CORPUS, 'packetdrill', trace))).frames) {
    const { segment } = decodeOnce(frame.linkType, frame.bytes, frame.originalBytes);
    const { ordinal, capturedAtNs } = frame;
    if (segment !== undefined) segments.push({ ...segment, frame: ordinal, capturedAtNs });
  }
  return groupSegments(segments).map((group) => trackSegments(group));
}
