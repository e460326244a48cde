/**
 * Entry of a peer process: real `net` servers and sockets that do what the parent tells and report each call and
 * event. One process holds many of them, so that a lab stays warm between runs.
 */
import net, { type Server, type Socket } from 'node:net';
import { FinwaitError } from '../errors.ts';
import { plainAddress } from '../model/endpoint.ts';
import { installObserver } from '../node/thread-observer.ts';
import type { Behaviour, BehaviourModule } from './behaviour.ts';
import { openChannel } from './channel.ts';
import { observeSocket, reportOf } from './observe-socket.ts';
import {
  type BehaviourChoice,
  type ListenOptions,
  PEER_EVENT_NAMES,
  type PeerEvents,
  type PeerFunctions,
  type SocketCommand,
  type SocketId,
} from './protocol.ts';

interface Listening {
  readonly server: Server;
  /** Accepted and not yet closed. */
  readonly accepted: Set<Socket>;
}

// Before the first socket, so that each is seen from its beginning.
installObserver();

const servers = new Map<number, Listening>();
const sockets = new Map<SocketId, Socket>();

const functions: PeerFunctions = {
  async listen({ host, port, ...choice }) {
    const behaviour = await load(choice);
    const accepted = new Set<Socket>();
    let acceptedSoFar = 0;
    const server = net.createServer(
      { allowHalfOpen: behaviour.allowHalfOpen, pauseOnConnect: !behaviour.reads },
      (socket) => {
        accepted.add(socket);
        socket.once('close', () => accepted.delete(socket));
        accept(choice, `${choice.serverId}/${++acceptedSoFar}`, socket, behaviour);
      },
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    servers.set(choice.serverId, { server, accepted });
    const address = server.address() as net.AddressInfo;
    return { address: plainAddress(address.address), port: address.port };
  },

  unlisten(serverId) {
    const listening = servers.get(serverId);
    servers.delete(serverId);
    listening?.server.close();
    for (const socket of listening?.accepted ?? []) socket.destroy();
  },

  async connect({ socketId, to, localPort, ...choice }) {
    const behaviour = await load(choice);
    const socket = new net.Socket({ allowHalfOpen: behaviour.allowHalfOpen });
    adopt(socketId, socket, behaviour);
    if (behaviour.alone && !choice.driven) {
      const { alone } = behaviour;
      socket.once('connect', () => {
        alone(socket);
      });
    }
    // Paused before it connects, `net` never starts to read: octets stay in the kernel.
    if (!behaviour.reads) socket.pause();
    socket.connect({ host: to.address, port: to.port, ...(localPort !== undefined && { localPort }) });
  },

  answer: () => undefined,

  tell(socketId, command) {
    const socket = sockets.get(socketId);
    if (socket === undefined) {
      throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', `${command.verb}: socket ${socketId} is closed`);
    }
    perform(socket, command);
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

function accept(
  { serverId, driven }: Pick<ListenOptions, 'serverId' | 'driven'>,
  socketId: SocketId,
  socket: Socket,
  behaviour: Behaviour,
): void {
  void parent.accepted(serverId, socketId);
  void parent.report(socketId, reportOf(socket, 'connection'));
  adopt(socketId, socket, behaviour);
  if (!driven) behaviour.alone?.(socket);
}

/** Observes the socket, reads it if the behaviour does, and keeps its errors from ending the process. */
function adopt(socketId: SocketId, socket: Socket, behaviour: Behaviour): void {
  sockets.set(socketId, socket);
  observeSocket(socket, (report) => {
    void parent.report(socketId, report);
  });
  socket.on('error', () => undefined);
  socket.once('close', () => sockets.delete(socketId));
  if (behaviour.reads) socket.on('data', () => undefined);
}

function perform(socket: Socket, command: SocketCommand): void {
  switch (command.verb) {
    case 'write':
      socket.write(command.data);
      return;
    case 'end':
      if (command.data === undefined) socket.end();
      else socket.end(command.data);
      return;
    case 'read':
      socket.read(command.bytes);
      return;
    case 'destroy':
    case 'resetAndDestroy':
    case 'pause':
    case 'resume':
      socket[command.verb]();
      return;
    default:
      throw new TypeError(`Unknown command "${String((command as { verb: unknown }).verb)}" for a socket`);
  }
}
