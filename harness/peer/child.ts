/**
 * Entry of a peer process: real `net` servers and sockets that do what the parent tells and report each call and
 * event. One process holds many of them, so that a lab stays warm between runs.
 */
import net, { type Server, type Socket } from 'node:net';
import { FinwaitError } from '../errors.ts';
import { plainAddress } from '../model/endpoint.ts';
import type { Behaviour, BehaviourModule } from './behaviour.ts';
import { openChannel } from './channel.ts';
import { observeSocket, readEnds } from './observe-socket.ts';
import {
  type BehaviourChoice,
  PEER_EVENT_NAMES,
  type PeerEvents,
  type PeerFunctions,
  type SocketCommand,
} from './protocol.ts';

const servers = new Map<number, Server>();
const sockets = new Map<number, Socket>();
let lastId = 0;

const functions: PeerFunctions = {
  async listen({ host, port, ...choice }) {
    const behaviour = await load(choice);
    const serverId = ++lastId;
    const server = net.createServer(
      { allowHalfOpen: behaviour.allowHalfOpen, pauseOnConnect: !behaviour.reads },
      (socket) => {
        accept(serverId, socket, behaviour, choice.driven);
      },
    );
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, host, resolve);
    });
    servers.set(serverId, server);
    const address = server.address() as net.AddressInfo;
    return { serverId, endpoint: { address: plainAddress(address.address), port: address.port } };
  },

  unlisten(serverId) {
    servers.get(serverId)?.close();
    servers.delete(serverId);
  },

  async connect({ to, localPort, ...choice }) {
    const behaviour = await load(choice);
    const socket = new net.Socket({ allowHalfOpen: behaviour.allowHalfOpen });
    const socketId = adopt(socket, behaviour);
    if (behaviour.alone && !choice.driven) {
      const { alone } = behaviour;
      socket.once('connect', () => {
        alone(socket);
      });
    }
    // Paused before it connects, `net` never starts to read: octets stay in the kernel.
    if (!behaviour.reads) socket.pause();
    socket.connect({ host: to.address, port: to.port, ...(localPort !== undefined && { localPort }) });
    return { socketId };
  },

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
  const { behaviour } = (await import(module)) as BehaviourModule;
  return behaviour;
}

function accept(serverId: number, socket: Socket, behaviour: Behaviour, driven: boolean): void {
  const { local, peer } = readEnds(socket);
  const socketId = adopt(socket, behaviour);
  if (local && peer) void parent.accepted(serverId, socketId, { local, peer });
  if (!driven) behaviour.alone?.(socket);
}

/** Observes the socket, reads it if the behaviour does, and keeps its errors from ending the process. */
function adopt(socket: Socket, behaviour: Behaviour): number {
  const socketId = ++lastId;
  sockets.set(socketId, socket);
  observeSocket(socket, (report) => {
    void parent.report(socketId, report);
  });
  socket.on('error', () => undefined);
  socket.once('close', () => sockets.delete(socketId));
  if (behaviour.reads) socket.on('data', () => undefined);
  return socketId;
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
  }
}
