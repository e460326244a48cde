import type { FlowTuple } from './community-id.ts';
import { addressText } from '../model/address.ts';
import type { Endpoint } from '../model/endpoint.ts';

/** The two ends of a flow table's key: the sender of the connection's first packet, and the other. */
export function endsOf(key: Int32Array): readonly [first: Endpoint, second: Endpoint] {
  const word = (at: number): number => key[at] ?? 0;
  const version = word(9);
  return [
    { address: addressText(version, word(0), word(1), word(2), word(3)), port: word(8) >>> 16 },
    { address: addressText(version, word(4), word(5), word(6), word(7)), port: word(8) & 0xffff },
  ];
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
