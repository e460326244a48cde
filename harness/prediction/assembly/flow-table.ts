/**
 * Finds the connection of the segment by its addresses and ports, whichever way it goes: open addressing with linear
 * probing. An entry is where a connection lies and the hash of its key, which lies with the connection. The table
 * doubles when it is more than half full.
 */
import * as Connection from '../connection.ts';
import { hashOf } from './flow-hash.ts';
import { Segment } from './segment.ts';

const ENTRY_BYTES = 8;
const ENTRY_HASH = 4;

/** Offsets in a key. */
const SOURCE0 = 0;
const SOURCE1 = 4;
const SOURCE2 = 8;
const SOURCE3 = 12;
const DESTINATION0 = 16;
const DESTINATION1 = 20;
const DESTINATION2 = 24;
const DESTINATION3 = 28;
const PORTS = 32;
const IP_VERSION = 36;

let entries: usize = 0;
let mask: u32 = 0;
/** Where the last {@link find} ended, and what it looked for. */
let foundAt: u32 = 0;
let hash: i32 = 0;
/** Connections in the table. */
export let size: i32 = 0;
/** After {@link find}: 0 when the segment goes the way of the connection's first one, 1 when it comes back. */
export let side: i32 = 0;

/** @param capacity entries, a power of two */
export function makeTable(capacity: u32): void {
  const bytes = capacity * ENTRY_BYTES;
  mask = capacity - 1;
  entries = heap.alloc(bytes);
  memory.fill(entries, 0, bytes);
}

/** Where the segment's connection lies, 0 when it has none; sets {@link side}. */
export function find(): usize {
  hash = hashOf();
  let at = (hash as u32) & mask;
  for (let connection = connectionAt(at); connection !== 0; connection = connectionAt(at)) {
    if (load<i32>(entryAt(at), ENTRY_HASH) === hash && matches(connection + Connection.KEY)) {
      foundAt = at;
      return connection;
    }
    at = (at + 1) & mask;
  }
  side = 0;
  foundAt = at;
  return 0;
}

/** Puts the segment's connection in; only directly after a {@link find} that found none. */
export function insert(connection: usize): void {
  if ((size as u32) * 2 > mask) {
    grow();
    find();
  }
  store<usize>(entryAt(foundAt), connection);
  store<i32>(entryAt(foundAt), hash, ENTRY_HASH);
  store<i32>(connection, hash, Connection.HASH);
  const key = connection + Connection.KEY;
  store<i32>(key, Segment.source0, SOURCE0);
  store<i32>(key, Segment.source1, SOURCE1);
  store<i32>(key, Segment.source2, SOURCE2);
  store<i32>(key, Segment.source3, SOURCE3);
  store<i32>(key, Segment.destination0, DESTINATION0);
  store<i32>(key, Segment.destination1, DESTINATION1);
  store<i32>(key, Segment.destination2, DESTINATION2);
  store<i32>(key, Segment.destination3, DESTINATION3);
  store<i32>(key, Segment.ports, PORTS);
  store<i32>(key, Segment.ipVersion, IP_VERSION);
  size++;
}

/** Takes out one that was inserted. */
export function remove(connection: usize): void {
  let at = load<u32>(connection, Connection.HASH) & mask;
  while (connectionAt(at) !== connection) at = (at + 1) & mask;
  size--;
  // Close the gap: whatever lies behind it and may be reached through it moves up.
  for (let next = (at + 1) & mask; connectionAt(next) !== 0; next = (next + 1) & mask) {
    const home = load<u32>(entryAt(next), ENTRY_HASH) & mask;
    if (((next - home) & mask) < ((next - at) & mask)) continue;
    store<u64>(entryAt(at), load<u64>(entryAt(next)));
    at = next;
  }
  store<usize>(entryAt(at), 0);
}

function entryAt(index: u32): usize {
  return entries + index * ENTRY_BYTES;
}

function connectionAt(index: u32): usize {
  return load<usize>(entryAt(index));
}

/** The old entries are lost memory: all that were ever made take no more than those that are used. */
function grow(): void {
  const oldEntries = entries;
  const oldEnd = entryAt(mask + 1);
  makeTable((mask + 1) * 2);
  for (let entry = oldEntries; entry < oldEnd; entry += ENTRY_BYTES) {
    if (load<usize>(entry) === 0) continue;
    let free = load<u32>(entry, ENTRY_HASH) & mask;
    while (connectionAt(free) !== 0) free = (free + 1) & mask;
    store<u64>(entryAt(free), load<u64>(entry));
  }
}

/** Whether a key is the segment's; sets {@link side} then. */
function matches(key: usize): bool {
  const isIpv4 = Segment.ipVersion === 4;
  if (load<i32>(key, IP_VERSION) !== Segment.ipVersion) return false;
  const ports = load<i32>(key, PORTS);
  const source = load<i32>(key, SOURCE3);
  const destination = load<i32>(key, DESTINATION3);
  const isOut = ports === Segment.ports && source === Segment.source3 && destination === Segment.destination3;
  if (isOut && (isIpv4 || upperWordsAreOut(key))) {
    side = 0;
    return true;
  }
  const isBack =
    ports === rotl<i32>(Segment.ports, 16) &&
    source === Segment.destination3 &&
    destination === Segment.source3;
  if (!isBack || (!isIpv4 && !upperWordsAreBack(key))) return false;
  side = 1;
  return true;
}

function upperWordsAreOut(key: usize): bool {
  return (
    load<i32>(key, SOURCE0) === Segment.source0 &&
    load<i32>(key, SOURCE1) === Segment.source1 &&
    load<i32>(key, SOURCE2) === Segment.source2 &&
    load<i32>(key, DESTINATION0) === Segment.destination0 &&
    load<i32>(key, DESTINATION1) === Segment.destination1 &&
    load<i32>(key, DESTINATION2) === Segment.destination2
  );
}

function upperWordsAreBack(key: usize): bool {
  return (
    load<i32>(key, SOURCE0) === Segment.destination0 &&
    load<i32>(key, SOURCE1) === Segment.destination1 &&
    load<i32>(key, SOURCE2) === Segment.destination2 &&
    load<i32>(key, DESTINATION0) === Segment.source0 &&
    load<i32>(key, DESTINATION1) === Segment.source1 &&
    load<i32>(key, DESTINATION2) === Segment.source2
  );
}
