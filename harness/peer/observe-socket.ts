import type { Socket } from 'node:net';
import type { Endpoint } from '../model/endpoint.ts';
import type { NodeEventName, NodeEvents } from '../model/node-event.ts';
import type { JsReport } from '../model/observation.ts';
import { type ChannelName, subscribe } from '../node/channels.ts';
import { localEnd, peerEnd, tcpHandle } from '../node/socket-facts.ts';
import { installObserver } from '../node/thread-observer.ts';

type SocketEventName = NodeEventName & `finwait:socket:${string}`;

/** How each event is called in a report; what is left out here tells nothing that a peer's parent waits for. */
const REPORTED: Partial<Record<SocketEventName, Pick<JsReport, 'kind' | 'name'>>> = {
  'finwait:socket:create': { kind: 'call', name: 'connect' },
  'finwait:socket:write': { kind: 'call', name: 'write' },
  'finwait:socket:end-call': { kind: 'call', name: 'end' },
  'finwait:socket:destroy-call': { kind: 'call', name: 'destroy' },
  'finwait:socket:reset-call': { kind: 'call', name: 'resetAndDestroy' },
  'finwait:socket:pause': { kind: 'call', name: 'pause' },
  'finwait:socket:resume': { kind: 'call', name: 'resume' },
  'finwait:socket:connect': { kind: 'event', name: 'connect' },
  'finwait:socket:data': { kind: 'event', name: 'data' },
  'finwait:socket:remote-end': { kind: 'event', name: 'end' },
  'finwait:socket:finish': { kind: 'event', name: 'finish' },
  'finwait:socket:drain': { kind: 'event', name: 'drain' },
  'finwait:socket:timeout': { kind: 'event', name: 'timeout' },
  'finwait:socket:error': { kind: 'event', name: 'error' },
  'finwait:socket:close': { kind: 'event', name: 'close' },
};

interface Observed {
  readonly report: (report: JsReport) => void;
  /** A socket forgets its addresses when it closes. */
  local: Endpoint | undefined;
  peer: Endpoint | undefined;
}

/** By the id that events give the socket. */
const observed = new Map<number, Observed>();

/**
 * Reports the calls on `socket` and the events that it emits from now on, as the observer of {@link installObserver}
 * sees them; so a peer is watched just as a program under `finwait/register` is.
 */
export function observeSocket(socket: Socket, report: (report: JsReport) => void): void {
  const id = installObserver().idOf(socket);
  subscribeOnce();
  const handle = tcpHandle(socket);
  const told: Observed = { report, local: localEnd(handle), peer: peerEnd(handle) };
  observed.set(id, told);
  reportUnpublished(socket, told);
}

/** What no channel carries: destroySoon(), which shows there as the end() that it makes, and a TLS handshake's end. */
function reportUnpublished(socket: Socket, { report, local, peer }: Observed): void {
  const ends = { ...(local && { local }), ...(peer && { peer }) };
  const destroySoon = socket.destroySoon.bind(socket);
  const emit = socket.emit.bind(socket) as (name: string, ...args: unknown[]) => boolean;
  Object.defineProperties(socket, {
    destroySoon: {
      configurable: true,
      writable: true,
      value: () => {
        report({ atNs: process.hrtime.bigint(), kind: 'call', name: 'destroySoon', by: 'program', ...ends });
        destroySoon();
      },
    },
    emit: {
      configurable: true,
      writable: true,
      value: (name: string, ...args: unknown[]): boolean => {
        if (name === 'secureConnect') {
          report({ atNs: process.hrtime.bigint(), kind: 'event', name, ...ends });
        }
        return emit(name, ...args);
      },
    },
  });
}

/** The server's event that brought the socket: of one that nobody reads, all that its program ever sees. */
export function reportOf(socket: Socket, name: 'connection'): JsReport {
  const handle = tcpHandle(socket);
  const local = localEnd(handle);
  const peer = peerEnd(handle);
  return {
    atNs: process.hrtime.bigint(),
    kind: 'event',
    name,
    ...(local && { local }),
    ...(peer && { peer }),
  };
}

let subscribed = false;

function subscribeOnce(): void {
  if (subscribed) return;
  subscribed = true;
  subscribe(Object.keys(REPORTED) as (SocketEventName & ChannelName)[], (message, name) => {
    tell(message, name);
  });
}

/** The fields that some socket event or other has. */
type Message = NodeEvents[SocketEventName] & {
  readonly role?: string;
} & Partial<Pick<JsReport, 'by' | 'site' | 'local' | 'peer' | 'bytes' | 'code' | 'hadError'>>;

function tell(message: Message, name: SocketEventName): void {
  const of = observed.get(message.socket);
  const shape = REPORTED[name];
  // Met without connect(): accepted, or given.
  const isNoCall = name === 'finwait:socket:create' && message.role !== 'client';
  if (of === undefined || shape === undefined || isNoCall) return;
  const { atNs, by, site, bytes, code, hadError } = message;
  of.local = message.local ?? of.local;
  of.peer = message.peer ?? of.peer;
  of.report({
    atNs,
    ...shape,
    ...(by && { by }),
    ...(site && { site }),
    ...(of.local && { local: of.local }),
    ...(of.peer && { peer: of.peer }),
    ...(bytes !== undefined && { bytes }),
    ...(code !== undefined && shape.kind === 'event' && { code }),
    ...(hadError !== undefined && { hadError }),
  });
  if (name === 'finwait:socket:close') observed.delete(message.socket);
}
