/** Our verdicts on a capture, stream by stream: read, decoded and grouped without the engine's flow table. */
import { Analysis, WiresharkStream } from '../../harness/correlate/wireshark-stream.ts';
import type { Packet } from '../../harness/model/packet.ts';
import { CaptureReader } from '../../harness/wire/capture-reader.ts';
import { decodePacket } from '../../harness/wire/decode-packet.ts';
import { Decoding, Outcome } from '../../harness/wire/decoding.ts';
import { FragmentTable } from '../../harness/wire/fragment-table.ts';
import { ANALYSIS_NAMES, count, newVerdict, type StreamVerdict } from './_wireshark-tshark.ts';

interface Tracked {
  readonly stream: WiresharkStream;
  readonly opener: string;
  readonly verdict: StreamVerdict;
}

/** Streams by the frame that opens them. */
export function ourVerdicts(capture: Uint8Array): Map<number, StreamVerdict> {
  const streams = new Streams();
  const decoding = new Decoding({ fragments: new FragmentTable() });
  let start: readonly [number, number] | undefined;
  const reader = new CaptureReader((bytes, at, capturedBytes, originalBytes, linkType, packet) => {
    start ??= [packet.seconds, packet.nanoseconds];
    const outcome = decodePacket(linkType, bytes, at, capturedBytes, originalBytes, packet, decoding);
    if (outcome !== Outcome.TCP) return;
    streams.see(packet, packet.seconds - start[0] + (packet.nanoseconds - start[1]) / 1e9);
  });
  reader.push(capture);
  reader.end();
  return streams.verdicts();
}

class Streams {
  readonly #open = new Map<string, Tracked>();
  readonly #all: Tracked[] = [];

  see(packet: Packet, time: number): void {
    const source = sourceOf(packet);
    const flow = [source, destinationOf(packet)].sort().join(' ');
    let tracked = this.#open.get(flow);
    const isReuse = tracked?.stream.startsAnother(packet, tracked.opener === source ? 0 : 1) ?? false;
    if (tracked === undefined || isReuse) {
      tracked = { stream: new WiresharkStream(), opener: source, verdict: newVerdict(packet.frame) };
      if (isReuse) tracked.stream.restart();
      this.#open.set(flow, tracked);
      this.#all.push(tracked);
    }
    tracked.stream.see(packet, tracked.opener === source ? 0 : 1, time);
  }

  verdicts(): Map<number, StreamVerdict> {
    return new Map(this.#all.map((tracked) => [tracked.verdict.frame, finalVerdict(tracked)]));
  }
}

function finalVerdict({ stream, verdict }: Tracked): StreamVerdict {
  verdict.completeness = stream.completeness;
  for (const side of [0, 1] as const) {
    for (const name of ANALYSIS_NAMES) count(verdict, side, name, stream.count(side, Analysis[name]));
  }
  return verdict;
}

function sourceOf(packet: Packet): string {
  return [packet.source0, packet.source1, packet.source2, packet.source3, packet.sourcePort].join();
}

function destinationOf(packet: Packet): string {
  const { destination0, destination1, destination2, destination3, destinationPort } = packet;
  return [destination0, destination1, destination2, destination3, destinationPort].join();
}
