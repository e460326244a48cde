import { Packet } from '../../harness/model/packet.ts';
import type { Segment } from '../../harness/model/segment.ts';
import type { DecodeIssue } from '../../harness/wire/decode-issue.ts';
import { decodePacket } from '../../harness/wire/decode-packet.ts';
import { Decoding, type DecodingOptions, Outcome } from '../../harness/wire/decoding.ts';
import { segmentOf } from '../../harness/wire/segment-of.ts';
import { segment } from './segment.ts';

export interface DecodedOnce {
  readonly outcome: Outcome;
  readonly packet: Packet;
  readonly headerBytes: number;
  readonly issue: DecodeIssue | undefined;
  readonly udpPayload: Uint8Array | undefined;
  /** Of the time and ordinal that `segment()` builds. */
  readonly segment: Segment | undefined;
}

/** What stands before and behind a frame in these tests: a decoder that looks there finds nonsense. */
const MARGIN = 64;

/** Decodes one frame by itself. */
export function decodeOnce(
  linkType: number,
  frame: Uint8Array,
  originalBytes: number = frame.length,
  options: DecodingOptions = {},
): DecodedOnce {
  const bytes = new Uint8Array(MARGIN + frame.length + MARGIN).fill(0x45);
  bytes.set(frame, MARGIN);
  const packet = new Packet();
  packet.frame = 1;
  packet.seconds = Number(segment().capturedAtNs / 1_000_000_000n);
  packet.nanoseconds = Number(segment().capturedAtNs % 1_000_000_000n);
  const decoding = new Decoding(options);
  const outcome = decodePacket(linkType, bytes, MARGIN, frame.length, originalBytes, packet, decoding);
  const { headerBytes, issue, udpPayloadStart, udpPayloadEnd } = decoding;
  return {
    outcome,
    packet,
    headerBytes,
    issue,
    udpPayload: udpPayloadStart === -1 ? undefined : bytes.slice(udpPayloadStart, udpPayloadEnd),
    segment: outcome === Outcome.TCP ? segmentOf(packet) : undefined,
  };
}
