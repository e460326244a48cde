import type { Packet } from '../model/packet.ts';

/**
 * Odd numbers that are others in every process, so that nobody can prepare a capture whose keys collide. Whoever
 * prepares one does not see them, so Math.random is as good as node:crypto, and that takes longer to load than all
 * of the engine.
 */
const SEED0 = seed();
const SEED1 = seed();
const SEED2 = seed();
const SEED3 = seed();
const SEED_PORT = seed();

/**
 * 32 bits of a packet's addresses and ports, the same both ways: built from the sum and the exclusive or of the ends'
 * own hashes.
 */
export function hashOf(packet: Packet): number {
  const { ipVersion, source3, destination3, sourcePort, destinationPort } = packet;
  let from = Math.imul(source3, SEED3) + Math.imul(sourcePort, SEED_PORT);
  let to = Math.imul(destination3, SEED3) + Math.imul(destinationPort, SEED_PORT);
  if (ipVersion === 6) {
    from += upperWords(packet.source0, packet.source1, packet.source2);
    to += upperWords(packet.destination0, packet.destination1, packet.destination2);
  }
  const a = mix(from);
  const b = mix(to);
  return mix((a + b) ^ Math.imul(a ^ b, 0xc2b2ae3d));
}

function seed(): number {
  return (Math.random() * 2 ** 32) | 1;
}

/** Mixed in between, for in a sum of odd multiples the upper bits of words would cancel each other whatever the seeds. */
function upperWords(a: number, b: number, c: number): number {
  return mix(mix(mix(a ^ SEED0) ^ Math.imul(b, SEED1)) ^ Math.imul(c, SEED2));
}

/** Source: MurmurHash3's finalizer, but for its last step. */
function mix(bits: number): number {
  let mixed = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
