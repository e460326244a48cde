/** The connections that are open, or over and waiting for stragglers. */
import * as Connection from '../connection.ts';
import * as Flows from './flow-table.ts';
import { isPlainSyn, takeSyn } from './opening.ts';
import { Order } from './order.ts';
import { Segment } from './segment.ts';

/** A connection that is over may still see its last ACK again: that long, in capture time. Zeek's tcp_close_delay. */
const LINGER_NS: f64 = 5e9;
/** So many at most wait that way, so that a fast capture costs no more memory than a slow one. */
const MOST_LINGERING = 4096;

/** In order of their first packets, those that linger among them. */
const opened = new Order(Connection.OPENED);
const lingering = new Order(Connection.LINGERING);
/** Before then none of those that linger is due. */
let lingerUntilNs: f64 = Infinity;
/** The first of the places that are to be used again; each holds where the next one is. */
let free: usize = 0;
/** Connections so far. */
let count: i32 = 0;
let maxOpen: i32 = 0;
let predicts: bool = false;

export function setLimits(most: i32, any: bool): void {
  maxOpen = most;
  predicts = any;
}

/** Whether the segment, of no connection so far, begins one that is predicted. @returns where that lies, or 0 */
export function openPredicted(): usize {
  return predicts && Flows.size < maxOpen && isPlainSyn() ? add(false) : 0;
}

/**
 * Begins a connection with the segment, which has none; whether it is predicted, {@link isPredicted} tells.
 * @param isReused whether these addresses and ports were a connection before
 */
export function open(isReused: bool): usize {
  // The last search may have been another's.
  Flows.find();
  return add(isReused);
}

/** Forgets a connection. */
export function release(connection: usize): void {
  if (load<i32>(connection, Connection.LINGERS) === 1) lingering.remove(connection);
  opened.remove(connection);
  Flows.remove(connection);
  store<usize>(connection, free);
  free = connection;
}

export function idOf(connection: usize): i32 {
  return load<i32>(connection, Connection.ID);
}

/** Whether its segments were the ones expected so far. */
export function isPredicted(connection: usize): bool {
  return load<i32>(connection, Connection.PREDICTED) === 1;
}

/** A ConnectionRecord follows it from here on. */
export function handOver(connection: usize): void {
  store<i32>(connection, 0, Connection.PREDICTED);
}

/** The segment was its last one so far. */
export function touch(connection: usize): void {
  store<f64>(connection, Segment.atNs, Connection.LAST_AT);
}

/** It is over, and waits for stragglers. */
export function linger(connection: usize): void {
  if (load<i32>(connection, Connection.LINGERS) === 1) return;
  store<i32>(connection, 1, Connection.LINGERS);
  lingering.add(connection);
  if (lingering.size === 1) wakeForFirst();
}

/** The one that is to be finished at once, since one too many lingers; 0 if none is. */
export function excess(): usize {
  return lingering.size > MOST_LINGERING ? lingering.first : 0;
}

/** One that is to be finished before the segment is looked at, for it has lingered long enough; 0 if none is. */
export function due(): usize {
  if (Segment.atNs < lingerUntilNs) return 0;
  // A straggler may have come since.
  wakeForFirst();
  return Segment.atNs < lingerUntilNs ? 0 : lingering.first;
}

export function longestOpen(): usize {
  return opened.first;
}

/** Connections that are open at the moment, or linger. */
export function openCount(): i32 {
  return Flows.size;
}

/** Connections so far. */
export function connectionCount(): i32 {
  return count;
}

/** Directly after a find() that found none. */
function add(isReused: bool): usize {
  const predicted = predicts && isPlainSyn();
  let connection = free;
  if (connection === 0) connection = heap.alloc(Connection.CONNECTION_BYTES);
  else free = load<usize>(connection);
  Flows.insert(connection);
  opened.add(connection);
  store<i32>(connection, ++count, Connection.ID);
  store<i32>(connection, predicted ? 1 : 0, Connection.PREDICTED);
  store<i32>(connection, 0, Connection.LINGERS);
  if (predicted) takeSyn(connection, isReused);
  return connection;
}

function wakeForFirst(): void {
  const first = lingering.first;
  lingerUntilNs = first === 0 ? Infinity : load<f64>(first, Connection.LAST_AT) + LINGER_NS;
}
