import { type Endpoint, formatEndpoint } from '../model/endpoint.ts';
import type { ConnectAttempt, SocketLife } from '../model/socket-life.ts';

/** A life that waits for its connection, or one attempt of it. */
export interface Entry {
  readonly life: SocketLife;
  readonly attempt?: ConnectAttempt;
  /** Capture's clock: the SYN cannot have been sent before (client), or must have been by then (server). */
  readonly atNs: bigint;
  taken: boolean;
}

export function take(
  entries: Entry[] | undefined,
  choose: (entries: Entry[]) => Entry | undefined,
): Entry | undefined {
  if (entries === undefined) return undefined;
  // Thousands may fail to reach the same peer, one after the other.
  while (entries[0]?.taken === true) entries.shift();
  const chosen = choose(entries);
  if (chosen !== undefined) chosen.taken = true;
  return chosen;
}

/** When JS gave the connection up, monotonic ns. */
export function givenUpNs({ events }: SocketLife): bigint | undefined {
  return events.find(
    ({ name }) => name === 'finwait:socket:destroy-call' || name === 'finwait:socket:reset-call',
  )?.atNs;
}

export function key(local: Endpoint, peer: Endpoint): string {
  return `${formatEndpoint(local)} ${formatEndpoint(peer)}`;
}

export function push<Key, Value>(map: Map<Key, Value[]>, at: Key, value: Value): void {
  const list = map.get(at);
  if (list === undefined) map.set(at, [value]);
  else list.push(value);
}
