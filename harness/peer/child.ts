/**
 * Entry of a peer process: real `net` servers and sockets that do what the parent tells and report each call and
 * event. One process holds many of them, so that a lab stays warm between runs.
 */
import net, { type Server, type Socket } from 'node:net';
import { FinwaitError } from '../errors.ts';
import { type Endpoint, plainAddress } from '../model/endpoint.ts';
import { installObserver } from '../node/thread-observer.ts';
import type { Behaviour, BehaviourModule } from './behaviour.ts';
import { openChannel } from './channel.ts';
import { localEndOf, socketFor, targetOf } from './dial.ts';
import { observeServer } from './observe-server.ts';
import { observeSocket, reportOf } from './observe-socket.ts';
import { perform, performOnServer, type SocketExtras } from './perform.ts';
import {
  type BehaviourChoice,
  type ConnectOptions,
  type ListenOptions,
  PEER_EVENT_NAMES,
  type PeerEvents,
  type PeerFunctions,
  type ServerOptions,
  type SocketId,
} from './protocol.ts';

interface Listening {
  readonly server: Server;
  /** Accepted and not yet closed. */
  readonly accepted: Set<Socket>;
  readonly over: AbortController;
}

// Before the first socket, so that each is seen from its beginning.
installObserver();

interface Told extends SocketExtras {
  readonly socket: Socket;
}

const servers = new Map<number, Listening>();
const sockets = new Map<SocketId, Told>();

const functions: PeerFunctions = {
  async listen({ host, port, options = {}, ...choice }) {
    const behaviour = await load(choice);
    const accepted = new Set<Socket>();
    const over = new AbortController();
    let acceptedSoFar = 0;
    const onSocket = (socket: Socket): void => {
      accepted.add(socket);
      socket.once('close', () => accepted.delete(socket));
      accept(choice, `${choice.serverId}/${++acceptedSoFar}`, socket, behaviour);
    };
    try {
      const server = await makeServer(behaviour, options, onSocket, over.signal);
      observeServer(server, (report) => {
        void parent.serverReport(choice.serverId, report);
      });
      await listenOn(server, { host, port }, options);
      servers.set(choice.serverId, { server, accepted, over });
      const address = server.address() as net.AddressInfo;
      return { address: plainAddress(address.address), port: address.port };
    } catch (error) {
      // It may have started a process, which nobody else would end.
      over.abort();
      throw error;
    }
  },

  unlisten(serverId) {
    const listening = servers.get(serverId);
    servers.delete(serverId);
    if (listening?.server.listening === true) listening.server.close();
    for (const socket of listening?.accepted ?? []) socket.destroy();
    listening?.over.abort();
  },

  async connect(options) {
    const behaviour = await load(options);
    const socket = behaviour.dial === undefined ? connect(behaviour, options) : dial(behaviour, options);
    // Node calls connect(2) in the next tick.
    await new Promise<void>((resolve) => {
      process.nextTick(resolve);
    });
    return socket && localEndOf(socket);
  },

  answer: () => undefined,

  tell(socketId, command) {
    const told = sockets.get(socketId);
    if (told === undefined) {
      throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', `${command.verb}: socket ${socketId} is closed`);
    }
    perform(told.socket, command, told);
  },

  tellServer(serverId, command) {
    const listening = servers.get(serverId);
    if (listening === undefined) {
      throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', `${command.verb}: server ${serverId} is gone`);
    }
    performOnServer(listening.server, command);
  },
};

const parent = openChannel<PeerEvents, PeerFunctions>(process, functions, {
  other: 'the parent process',
  tells: PEER_EVENT_NAMES,
});
// A parent that is gone ends its peers: their sockets close as the kernel closes them at exit.
process.on('disconnect', () => process.exit(0));

async function load({ module }: BehaviourChoice): Promise<Behaviour> {
  const { behaviour } = (await import(module)) as Partial<BehaviourModule>;
  if (behaviour === undefined) throw new TypeError(`${module} exports no "behaviour"`);
  return behaviour;
}

async function listenOn(server: Server, where: net.ListenOptions, options: ServerOptions): Promise<void> {
  const { maxConnections, backlog } = options;
  if (maxConnections !== undefined) server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ ...where, ...(backlog !== undefined && { backlog }) }, resolve);
  });
}

async function makeServer(
  behaviour: Behaviour,
  options: ServerOptions,
  onSocket: (socket: Socket) => void,
  over: AbortSignal,
): Promise<Server> {
  const { noDelay, keepAlive, keepAliveInitialDelayMs } = options;
  const opts: net.ServerOpts = {
    allowHalfOpen: options.allowHalfOpen ?? behaviour.allowHalfOpen,
    pauseOnConnect: options.pauseOnConnect ?? !behaviour.reads,
    ...(noDelay !== undefined && { noDelay }),
    ...(keepAlive !== undefined && { keepAlive }),
    ...(keepAliveInitialDelayMs !== undefined && { keepAliveInitialDelay: keepAliveInitialDelayMs }),
  };
  const reads = opts.pauseOnConnect !== true;
  if (behaviour.serve !== undefined) return await behaviour.serve(opts, onSocket, over);
  return net.createServer(opts, (socket) => {
    onSocket(socket);
    if (reads) socket.on('data', () => undefined);
  });
}

function accept(
  { serverId, driven }: Pick<ListenOptions, 'serverId' | 'driven'>,
  socketId: SocketId,
  socket: Socket,
  behaviour: Behaviour,
): void {
  void parent.accepted(serverId, socketId, remoteEndOf(socket));
  void parent.report(socketId, reportOf(socket, 'connection'));
  adopt(socketId, { socket, actions: behaviour.actions });
  if (!driven) behaviour.alone?.(socket);
}

function remoteEndOf({ remoteAddress, remotePort }: Socket): Endpoint | undefined {
  if (remoteAddress === undefined || remotePort === undefined) return undefined;
  return { address: plainAddress(remoteAddress), port: remotePort };
}

function connect(behaviour: Behaviour, { socketId, to, options = {}, driven }: ConnectOptions): Socket {
  const dialling = socketFor(behaviour, to, options);
  const { socket, abort } = dialling;
  adopt(socketId, { socket, ...(abort && { abort }), actions: behaviour.actions });
  if (behaviour.reads) socket.on('data', () => undefined);
  // Paused before it connects, `net` never starts to read: octets stay in the kernel.
  else socket.pause();
  if (behaviour.alone && !driven) {
    const { alone } = behaviour;
    socket.once('connect', () => {
      alone(socket);
    });
  }
  dialling.connect();
  return socket;
}

/** A client that makes its TCP sockets itself: the first is the one that can be told. */
function dial(behaviour: Behaviour, { socketId, to, options = {} }: ConnectOptions): Socket | undefined {
  let first: Socket | undefined;
  let made = 0;
  behaviour.dial?.(targetOf(to, options), (socket) => {
    first ??= socket;
    adopt(made === 0 ? socketId : `${socketId}/${made}`, { socket, actions: behaviour.actions });
    made++;
  });
  return first;
}

/** Observes the socket, and keeps its errors from ending the process. */
function adopt(socketId: SocketId, told: Told): void {
  const { socket } = told;
  sockets.set(socketId, told);
  observeSocket(socket, (report) => {
    void parent.report(socketId, report);
  });
  socket.on('error', () => undefined);
  socket.once('close', () => sockets.delete(socketId));
}
