import type { Packet } from '../model/packet.ts';
import { hashOf } from './flow-hash.ts';

/** 32-bit words of a key: two IPv6 addresses, two ports in one word, the IP version, and the hash of all that. */
const KEY_WORDS = 11;
const EMPTY = -1;

/**
 * Finds the connection of a packet by its addresses and ports, whichever way it goes: open addressing with linear
 * probing over typed arrays. Connections are small non-negative integers, the engine's slots; their keys lie in order
 * of those, and the table proper holds no more than a slot and a hash. A lookup allocates nothing; the table doubles
 * when it is more than half full.
 */
export class FlowTable {
  /** After {@link find}: 0 when the packet goes the way of the one that was inserted, 1 when it comes back. */
  side: 0 | 1 = 0;
  #mask: number;
  /** A slot and its key's hash in turn. */
  #entries: Int32Array;
  #keys = new Int32Array(8192 * KEY_WORDS);
  #size = 0;
  /** Where the last {@link find} ended, and what it looked for. */
  #foundAt = 0;
  #hash = 0;

  /** @param capacity entries to begin with, a power of two */
  constructor(capacity = 16_384) {
    this.#mask = capacity - 1;
    this.#entries = new Int32Array(capacity * 2).fill(EMPTY);
  }

  /** Connections in the table. */
  get size(): number {
    return this.#size;
  }

  /** The slot of the packet's connection, -1 when it has none; sets {@link side}. */
  find(packet: Packet): number {
    const entries = this.#entries;
    const mask = this.#mask;
    const hash = hashOf(packet);
    this.#hash = hash;
    let at = hash & mask;
    for (let slot = entries[at * 2] ?? EMPTY; slot !== EMPTY; slot = entries[at * 2] ?? EMPTY) {
      if (entries[at * 2 + 1] === hash && this.#matches(slot * KEY_WORDS, packet)) {
        this.#foundAt = at;
        return slot;
      }
      at = (at + 1) & mask;
    }
    this.side = 0;
    this.#foundAt = at;
    return EMPTY;
  }

  /** Puts a packet's connection in; only directly after a {@link find} of that packet that gave -1. */
  insert(packet: Packet, slot: number): void {
    if (this.#size * 2 > this.#mask) {
      this.#grow();
      this.find(packet);
    }
    this.#entries[this.#foundAt * 2] = slot;
    this.#entries[this.#foundAt * 2 + 1] = this.#hash;
    if ((slot + 1) * KEY_WORDS > this.#keys.length) {
      const wider = new Int32Array(Math.max((slot + 1) * KEY_WORDS, this.#keys.length * 2));
      wider.set(this.#keys);
      this.#keys = wider;
    }
    copyKey(packet, this.#keys, slot * KEY_WORDS);
    this.#keys[slot * KEY_WORDS + 10] = this.#hash;
    this.#size++;
  }

  /** The words of a slot's addresses and ports, as its first packet had them. */
  keyOf(slot: number): Int32Array {
    return this.#keys.subarray(slot * KEY_WORDS, (slot + 1) * KEY_WORDS);
  }

  /** Takes out a slot that was inserted. */
  remove(slot: number): void {
    const mask = this.#mask;
    const entries = this.#entries;
    let at = (this.#keys[slot * KEY_WORDS + 10] ?? 0) & mask;
    while (entries[at * 2] !== slot) at = (at + 1) & mask;
    this.#size--;
    // Close the gap: whatever lies behind it and may be reached through it moves up.
    for (let next = (at + 1) & mask; entries[next * 2] !== EMPTY; next = (next + 1) & mask) {
      const home = (entries[next * 2 + 1] ?? 0) & mask;
      if (((next - home) & mask) < ((next - at) & mask)) continue;
      entries[at * 2] = entries[next * 2] ?? EMPTY;
      entries[at * 2 + 1] = entries[next * 2 + 1] ?? 0;
      at = next;
    }
    entries[at * 2] = EMPTY;
  }

  /** Whether a key is the packet's; sets {@link side} then. */
  #matches(key: number, packet: Packet): boolean {
    const keys = this.#keys;
    const { sourcePort, destinationPort, source3, destination3 } = packet;
    if (keys[key + 9] !== packet.ipVersion) return false;
    const ports = keys[key + 8];
    const isOut =
      ports === ((sourcePort << 16) | destinationPort) &&
      keys[key + 3] === source3 &&
      keys[key + 7] === destination3;
    if (isOut && (packet.ipVersion === 4 || this.#isOut(key, packet))) {
      this.side = 0;
      return true;
    }
    const isBack =
      ports === ((destinationPort << 16) | sourcePort) &&
      keys[key + 3] === destination3 &&
      keys[key + 7] === source3;
    if (!isBack || (packet.ipVersion !== 4 && !this.#isBack(key, packet))) return false;
    this.side = 1;
    return true;
  }

  #isOut(key: number, packet: Packet): boolean {
    const keys = this.#keys;
    return (
      keys[key] === packet.source0 &&
      keys[key + 1] === packet.source1 &&
      keys[key + 2] === packet.source2 &&
      keys[key + 4] === packet.destination0 &&
      keys[key + 5] === packet.destination1 &&
      keys[key + 6] === packet.destination2
    );
  }

  #isBack(key: number, packet: Packet): boolean {
    const keys = this.#keys;
    return (
      keys[key] === packet.destination0 &&
      keys[key + 1] === packet.destination1 &&
      keys[key + 2] === packet.destination2 &&
      keys[key + 4] === packet.source0 &&
      keys[key + 5] === packet.source1 &&
      keys[key + 6] === packet.source2
    );
  }

  #grow(): void {
    const old = this.#entries;
    this.#mask = this.#mask * 2 + 1;
    this.#entries = new Int32Array((this.#mask + 1) * 2).fill(EMPTY);
    const entries = this.#entries;
    for (let index = 0; index < old.length; index += 2) {
      const slot = old[index] ?? EMPTY;
      if (slot === EMPTY) continue;
      const hash = old[index + 1] ?? 0;
      let free = hash & this.#mask;
      while (entries[free * 2] !== EMPTY) free = (free + 1) & this.#mask;
      entries[free * 2] = slot;
      entries[free * 2 + 1] = hash;
    }
  }
}

/** The words of a packet's key: source address, destination address, ports, IP version. */
function copyKey(packet: Packet, key: Int32Array, at: number): void {
  key[at] = packet.source0;
  key[at + 1] = packet.source1;
  key[at + 2] = packet.source2;
  key[at + 3] = packet.source3;
  key[at + 4] = packet.destination0;
  key[at + 5] = packet.destination1;
  key[at + 6] = packet.destination2;
  key[at + 7] = packet.destination3;
  key[at + 8] = (packet.sourcePort << 16) | packet.destinationPort;
  key[at + 9] = packet.ipVersion;
}
