import { sha1 } from './sha1.ts';

/** The five values that make a TCP flow; which end is the source does not matter. */
export interface FlowTuple {
  readonly ipVersion: 4 | 6;
  /** Four words of an address, most significant first, as in the packet record: an IPv4 address is the fourth. */
  readonly source: readonly [number, number, number, number];
  readonly sourcePort: number;
  readonly destination: readonly [number, number, number, number];
  readonly destinationPort: number;
}

const TCP = 6;

/**
 * The flow's key across tools: `1:LQU9qZlK+B5F3KDmev6m5PMibrg=`, the same for both directions.
 * @param seed 0–65535; sites set one of their own to keep their keys apart.
 * Source: Community ID flow hashing, version 1 (github.com/corelight/community-id-spec).
 */
export function communityId(flow: FlowTuple, seed = 0): string {
  const addressBytes = flow.ipVersion === 4 ? 4 : 16;
  const bytes = new DataView(new ArrayBuffer(2 + 2 * addressBytes + 6));
  const isAhead = order(flow) <= 0;
  const [low, lowPort] = isAhead ? [flow.source, flow.sourcePort] : [flow.destination, flow.destinationPort];
  const [high, highPort] = isAhead
    ? [flow.destination, flow.destinationPort]
    : [flow.source, flow.sourcePort];
  bytes.setUint16(0, seed);
  writeAddress(bytes, 2, low, addressBytes);
  writeAddress(bytes, 2 + addressBytes, high, addressBytes);
  // Protocol, then an octet of padding.
  bytes.setUint8(2 + 2 * addressBytes, TCP);
  bytes.setUint16(4 + 2 * addressBytes, lowPort);
  bytes.setUint16(6 + 2 * addressBytes, highPort);
  return `1:${sha1(bytes).toString('base64')}`;
}

/** Below 0 when the source comes first: by address, octet by octet, then by port. */
function order({ source, sourcePort, destination, destinationPort }: FlowTuple): number {
  for (const [index, word] of source.entries()) {
    const difference = (word >>> 0) - ((destination[index] ?? 0) >>> 0);
    if (difference !== 0) return difference;
  }
  return sourcePort - destinationPort;
}

function writeAddress(bytes: DataView, at: number, words: readonly number[], addressBytes: number): void {
  const used = addressBytes === 4 ? words.slice(3) : words;
  for (const [index, word] of used.entries()) bytes.setInt32(at + 4 * index, word);
}
