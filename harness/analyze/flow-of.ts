import type { FlowTuple } from './community-id.ts';
import { addressText } from '../model/address.ts';
import type { Endpoint } from '../model/endpoint.ts';

/** The two ends of a flow table's key: the sender of the connection's first packet, and the other. */
export function endsOf(key: Int32Array): readonly [first: Endpoint, second: Endpoint] {
  const ports = key[8] ?? 0;
  return [
    { address: addressAt(key, 0), port: ports >>> 16 },
    { address: addressAt(key, 4), port: ports & 0xffff },
  ];
}

/** Most captures have few addresses in many connections. */
const KEPT_IPV4 = 4096;
const ipv4Texts = new Map<number, string>();

function addressAt(key: Int32Array, at: number): string {
  const word = (index: number): number => key[at + index] ?? 0;
  const version = key[9] ?? 0;
  const text = version === 4 ? ipv4Texts.get(word(3)) : undefined;
  if (text !== undefined) return text;
  const address = addressText(version, word(0), word(1), word(2), word(3));
  if (version !== 4) return address;
  if (ipv4Texts.size === KEPT_IPV4) ipv4Texts.clear();
  ipv4Texts.set(word(3), address);
  return address;
}

/** A flow table's key as the tuple that a Community ID is made of. */
export function flowOf(key: Int32Array): FlowTuple {
  const word = (at: number): number => key[at] ?? 0;
  return {
    ipVersion: word(9) === 6 ? 6 : 4,
    source: [word(0), word(1), word(2), word(3)],
    sourcePort: word(8) >>> 16,
    destination: [word(4), word(5), word(6), word(7)],
    destinationPort: word(8) & 0xffff,
  };
}
