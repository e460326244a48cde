import http, { Agent } from 'node:http';
import net, { type Socket } from 'node:net';
import type { Behaviour, TcpTarget } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

const requests = new WeakMap<Socket, (path: string) => void>();

export const behaviour: Behaviour = {
  about: 'Speaks HTTP/1.1 with a keep-alive Agent: a request when it connects, and more when it is told to.',
  allowHalfOpen: false,
  reads: true,
  dial(target, onSocket) {
    const agent = new KeepAliveAgent(onSocket, (path) => {
      request(target, agent, path);
    });
    request(target, agent, '/now');
  },
  actions: {
    request: (socket) => requests.get(socket)?.('/now'),
  },
};

/** Tells of each socket before it connects. */
class KeepAliveAgent extends Agent {
  readonly #onSocket: (socket: Socket) => void;
  readonly #request: (path: string) => void;

  constructor(onSocket: (socket: Socket) => void, again: (path: string) => void) {
    super({ keepAlive: true });
    this.#onSocket = onSocket;
    this.#request = again;
  }

  override createConnection(options: net.TcpSocketConnectOpts): Socket {
    const socket = new net.Socket();
    requests.set(socket, this.#request);
    this.#onSocket(socket);
    return socket.connect(options);
  }
}

function request({ host, port }: TcpTarget, agent: Agent, path: string): void {
  http
    .get({ host, port, path, agent }, (response) => {
      response.resume();
    })
    // The socket has told it already.
    .on('error', () => undefined);
}

runByHand(import.meta, 'client', behaviour);
