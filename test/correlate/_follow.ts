/** A conversation's segments through the engine's parts, packet by packet. */
import { Engine } from '../../harness/correlate/engine.ts';
import type { Lifecycle } from '../../harness/correlate/lifecycle.ts';
import type { ConnectionRecord } from '../../harness/correlate/connection-record.ts';
import type { Anomaly } from '../../harness/model/anomaly.ts';
import { Packet } from '../../harness/model/packet.ts';
import type { Segment } from '../../harness/model/segment.ts';

/** What a finished connection is asked in tests; the record itself is used again. */
export interface Finished {
  readonly id: number;
  readonly packets: number;
  readonly clientState: string;
  readonly serverState: string;
  readonly anomalies: readonly string[];
  readonly lifecycle: LifecycleFacts;
}

export type LifecycleFacts = Pick<
  Lifecycle,
  'opening' | 'ending' | 'closeSegments' | 'halfClosedNs' | 'finAckNs' | 'bytesAfterFirstFin' | 'handshakeNs'
> & {
  readonly firstCloser: 'client' | 'server' | undefined;
  readonly resetBy: 'client' | 'server' | undefined;
};

export function finishedOf(record: ConnectionRecord): Finished {
  const { tracker, lifecycle } = record;
  const { opening, ending, closeSegments, halfClosedNs, finAckNs } = lifecycle;
  const { bytesAfterFirstFin, handshakeNs, firstCloser, firstReset } = lifecycle;
  const sideOf = (end: unknown): 'client' | 'server' | undefined => {
    if (end === undefined) return undefined;
    return end === lifecycle.client ? 'client' : 'server';
  };
  return {
    id: record.id,
    packets: lifecycle.client.packets + lifecycle.server.packets,
    clientState: tracker.clientState,
    serverState: tracker.serverState,
    anomalies: tracker.anomalies.map(({ what }) => what),
    lifecycle: {
      opening,
      ending,
      closeSegments,
      halfClosedNs,
      finAckNs,
      bytesAfterFirstFin,
      handshakeNs,
      firstCloser: sideOf(firstCloser),
      resetBy: ending === 'reset' || ending === 'refused' ? sideOf(firstReset) : undefined,
    },
  };
}

/** The connections that the engine makes of segments, in order of their ends. */
export function engineOn(segments: readonly Segment[]): Finished[] {
  const finished: Finished[] = [];
  const engine = new Engine({ onFinished: (record) => finished.push(finishedOf(record)) });
  for (const segment of segments) engine.see(packetOf(segment));
  engine.end();
  return finished;
}

/** The anomalies of the first connection. */
export function anomaliesOf(segments: readonly Segment[]): readonly Anomaly[] {
  const found: (readonly Anomaly[])[] = [];
  const engine = new Engine({ onFinished: ({ tracker }) => found.push(tracker.anomalies) });
  for (const segment of segments) engine.see(packetOf(segment));
  engine.end();
  return found[0] ?? [];
}

/** A segment between IPv4 addresses, as the decoder would leave it. */
export function packetOf(segment: Segment): Packet {
  const packet = new Packet();
  packet.frame = segment.frame;
  packet.seconds = Number(segment.capturedAtNs / 1_000_000_000n);
  packet.nanoseconds = Number(segment.capturedAtNs % 1_000_000_000n);
  packet.ipVersion = 4;
  packet.source3 = wordOf(segment.source.address);
  packet.destination3 = wordOf(segment.destination.address);
  packet.sourcePort = segment.source.port;
  packet.destinationPort = segment.destination.port;
  packet.flags = segment.flags;
  packet.sequenceNumber = segment.sequenceNumber | 0;
  packet.acknowledgmentNumber = segment.acknowledgmentNumber | 0;
  packet.payloadBytes = segment.payloadBytes;
  packet.ipBytes = 40 + segment.payloadBytes;
  packet.window = segment.window;
  return packet;
}

function wordOf(address: string): number {
  return address.split('.').reduce((word, octet) => (word << 8) | Number(octet), 0);
}
