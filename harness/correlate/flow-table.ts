import type { Packet } from '../model/packet.ts';

/** 32-bit words of a key: two IPv6 addresses, two ports in one word, and the IP version. */
const KEY_WORDS = 10;
const EMPTY = -1;

/**
 * Finds the connection of a packet by its addresses and ports, whichever way it goes: open addressing with linear
 * probing over typed arrays. Values are small non-negative integers, the indices of the engine's records.
 * A lookup allocates nothing; the table doubles when it is more than half full.
 */
export class FlowTable {
  /** After {@link find}: 0 when the packet goes the way of the one that was inserted, 1 when it comes back. */
  side: 0 | 1 = 0;
  #mask: number;
  #keys: Int32Array;
  #values: Int32Array;
  #size = 0;
  /** The slot that the last {@link find} ended at. */
  #slot = 0;

  /** @param capacity slots to begin with, a power of two */
  constructor(capacity = 4096) {
    this.#mask = capacity - 1;
    this.#keys = new Int32Array(capacity * KEY_WORDS);
    this.#values = new Int32Array(capacity).fill(EMPTY);
  }

  /** Connections in the table. */
  get size(): number {
    return this.#size;
  }

  /** The value of the packet's connection, -1 when it has none; sets {@link side}. */
  find(packet: Packet): number {
    const keys = this.#keys;
    const values = this.#values;
    const portsOut = (packet.sourcePort << 16) | packet.destinationPort;
    const portsBack = (packet.destinationPort << 16) | packet.sourcePort;
    let slot = hashOf(packet) & this.#mask;
    for (let value = values[slot] ?? EMPTY; value !== EMPTY; value = values[slot] ?? EMPTY) {
      const at = slot * KEY_WORDS;
      const ports = keys[at + 8];
      if (ports === portsOut && this.#isOut(at, packet)) {
        this.side = 0;
        this.#slot = slot;
        return value;
      }
      if (ports === portsBack && this.#isBack(at, packet)) {
        this.side = 1;
        this.#slot = slot;
        return value;
      }
      slot = (slot + 1) & this.#mask;
    }
    this.side = 0;
    this.#slot = slot;
    return EMPTY;
  }

  /** Puts a packet's connection in; only directly after a {@link find} of that packet that gave -1. */
  insert(packet: Packet, value: number): void {
    if (this.#size * 2 > this.#mask) {
      this.#grow();
      this.find(packet);
    }
    this.#put(this.#slot, packet, value);
    this.#size++;
  }

  /** Gives the packet's connection another value; only directly after a {@link find} that found it. The way turns. */
  replace(packet: Packet, value: number): void {
    this.#put(this.#slot, packet, value);
    this.side = 0;
  }

  /**
   * Takes out the connection whose first packet had these words; does nothing when the key has another value by now.
   * @param key as {@link copyKey} gave it
   */
  remove(key: Int32Array, keyAt: number, value: number): void {
    const mask = this.#mask;
    const values = this.#values;
    let slot = hashOfKey(key, keyAt) & mask;
    while (values[slot] !== value) {
      if (values[slot] === EMPTY) return;
      slot = (slot + 1) & mask;
    }
    this.#size--;
    // Close the gap: whatever lies behind it and may be reached through it moves up.
    for (let next = (slot + 1) & mask; values[next] !== EMPTY; next = (next + 1) & mask) {
      const home = hashOfKey(this.#keys, next * KEY_WORDS) & mask;
      if (((next - home) & mask) < ((next - slot) & mask)) continue;
      this.#keys.copyWithin(slot * KEY_WORDS, next * KEY_WORDS, (next + 1) * KEY_WORDS);
      values[slot] = values[next] ?? EMPTY;
      slot = next;
    }
    values[slot] = EMPTY;
  }

  #isOut(at: number, packet: Packet): boolean {
    const keys = this.#keys;
    return (
      keys[at + 3] === packet.source3 &&
      keys[at + 7] === packet.destination3 &&
      keys[at + 9] === packet.ipVersion &&
      (packet.ipVersion === 4 ||
        (keys[at] === packet.source0 &&
          keys[at + 1] === packet.source1 &&
          keys[at + 2] === packet.source2 &&
          keys[at + 4] === packet.destination0 &&
          keys[at + 5] === packet.destination1 &&
          keys[at + 6] === packet.destination2))
    );
  }

  #isBack(at: number, packet: Packet): boolean {
    const keys = this.#keys;
    return (
      keys[at + 3] === packet.destination3 &&
      keys[at + 7] === packet.source3 &&
      keys[at + 9] === packet.ipVersion &&
      (packet.ipVersion === 4 ||
        (keys[at] === packet.destination0 &&
          keys[at + 1] === packet.destination1 &&
          keys[at + 2] === packet.destination2 &&
          keys[at + 4] === packet.source0 &&
          keys[at + 5] === packet.source1 &&
          keys[at + 6] === packet.source2))
    );
  }

  #put(slot: number, packet: Packet, value: number): void {
    copyKey(packet, this.#keys, slot * KEY_WORDS);
    this.#values[slot] = value;
  }

  #grow(): void {
    const keys = this.#keys;
    const values = this.#values;
    const capacity = values.length * 2;
    this.#mask = capacity - 1;
    this.#keys = new Int32Array(capacity * KEY_WORDS);
    this.#values = new Int32Array(capacity).fill(EMPTY);
    for (let slot = 0; slot < values.length; slot++) {
      const value = values[slot] ?? EMPTY;
      if (value === EMPTY) continue;
      let free = hashOfKey(keys, slot * KEY_WORDS) & this.#mask;
      while (this.#values[free] !== EMPTY) free = (free + 1) & this.#mask;
      this.#keys.set(keys.subarray(slot * KEY_WORDS, (slot + 1) * KEY_WORDS), free * KEY_WORDS);
      this.#values[free] = value;
    }
  }
}

/** The words of a packet's key: source address, destination address, ports, IP version. */
export function copyKey(packet: Packet, key: Int32Array, at: number): void {
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

export { KEY_WORDS };

function hashOf(packet: Packet): number {
  let high = 0;
  if (packet.ipVersion === 6) {
    high = mix(
      packet.source0 + packet.destination0,
      packet.source1 + packet.destination1,
      packet.source2 + packet.destination2,
    );
  }
  return symmetricHash(packet.source3, packet.destination3, packet.sourcePort, packet.destinationPort, high);
}

function hashOfKey(key: Int32Array, at: number): number {
  const word = (index: number): number => key[at + index] ?? 0;
  const high = word(9) === 6 ? mix(word(0) + word(4), word(1) + word(5), word(2) + word(6)) : 0;
  return symmetricHash(word(3), word(7), word(8) >>> 16, word(8) & 0xffff, high);
}

function mix(a: number, b: number, c: number): number {
  return Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca77) ^ Math.imul(c, 0xc2b2ae3d);
}

/** The same both ways: built from the sum and the exclusive or of the ends' own hashes. */
function symmetricHash(a: number, b: number, portA: number, portB: number, high: number): number {
  const endA = Math.imul(a ^ Math.imul(portA, 0x9e3779b1), 0x85ebca77);
  const endB = Math.imul(b ^ Math.imul(portB, 0x9e3779b1), 0x85ebca77);
  let hash = (endA + endB) ^ Math.imul(endA ^ endB, 0xc2b2ae3d) ^ high;
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
