import { type Endpoint, formatEndpoint } from '../model/endpoint.ts';
import type { ListenLife, SocketLife } from '../model/socket-life.ts';

/**
 * Makes one life of what several processes or sockets did with one connection, one after the other:
 * `child.send('socket', socket)`, `new Socket({ fd })`. The first has its opening, the last holds it at the end.
 * Those whose giver left no record get the role that the other end or a listener gives them.
 */
export function joinHandedOver(
  lives: readonly SocketLife[],
  listens: readonly ListenLife[],
): readonly SocketLife[] {
  const taken = lives.filter(({ handedOver }) => handedOver === true).sort(byBegin);
  // Rare, and the others may be hundreds of thousands.
  if (taken.length === 0) return lives;
  const wanted = new Set(taken.flatMap(({ local, peer }) => [key(local, peer), key(peer, local)]));
  const byEnds = new Map<string, SocketLife[]>();
  for (const life of lives) {
    const at = key(life.local, life.peer);
    if (life.handedOver !== true && at !== '' && wanted.has(at))
      byEnds.set(at, [...(byEnds.get(at) ?? []), life]);
  }
  const joined = new Map<SocketLife, SocketLife>();
  const alone: SocketLife[] = [];
  for (const life of taken) {
    const givers = byEnds.get(key(life.local, life.peer)) ?? [];
    const giver = givers
      .filter((each) => beganAtNs(each) <= beganAtNs(life))
      .sort(byBegin)
      .at(-1);
    if (giver !== undefined) {
      joined.set(giver, handOn(joined.get(giver) ?? giver, life));
      continue;
    }
    const others = byEnds.get(key(life.peer, life.local)) ?? [];
    alone.push({ ...life, role: roleOf(life, others, listens) });
  }
  const whole = lives.filter(({ handedOver }) => handedOver !== true);
  return [...whole.map((life) => joined.get(life) ?? life), ...alone];
}

function roleOf(
  { local, role }: SocketLife,
  others: readonly SocketLife[],
  listens: readonly ListenLife[],
): SocketLife['role'] {
  const [other] = others;
  if (other !== undefined) return other.role === 'client' ? 'server' : 'client';
  const isListened = listens.some(({ local: { port } }) => port === local?.port);
  return isListened ? 'server' : role;
}

function handOn(before: SocketLife, life: SocketLife): SocketLife {
  const { pid, threadId, socket, nodeVersion, thread, layer } = life;
  return {
    ...before,
    holdersBefore: [...(before.holdersBefore ?? []), { pid: before.pid, threadId: before.threadId }],
    pid,
    threadId,
    socket,
    nodeVersion,
    thread,
    ...(layer !== undefined && { layer }),
    events: [...before.events, ...life.events].sort((a, b) =>
      a.atNs < b.atNs ? -1 : a.atNs > b.atNs ? 1 : 0,
    ),
  };
}

function beganAtNs({ calledAtNs, events }: SocketLife): bigint {
  return calledAtNs ?? events[0]?.atNs ?? 0n;
}

function byBegin(a: SocketLife, b: SocketLife): number {
  return beganAtNs(a) < beganAtNs(b) ? -1 : 1;
}

function key(local: Endpoint | undefined, peer: Endpoint | undefined): string {
  if (local === undefined || peer === undefined) return '';
  return `${formatEndpoint(local)} ${formatEndpoint(peer)}`;
}
