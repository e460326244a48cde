import net, { type Socket } from 'node:net';
import tls from 'node:tls';
import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';
import { PRE_SHARED_KEY, TLS_OPTIONS } from '../harness/peer/pre-shared-key.ts';

/** The TCP sockets below the TLS sockets. */
const below = new WeakMap<Socket, Socket>();

export const behaviour: Behaviour = {
  about: 'Speaks TLS: end() sends a close_notify alert before the FIN, and the action bareFin leaves it out.',
  allowHalfOpen: false,
  reads: true,
  dial(target, onSocket) {
    const tcp = net.connect(target);
    const socket = tls.connect({
      ...TLS_OPTIONS,
      socket: tcp,
      pskCallback: () => ({ psk: PRE_SHARED_KEY, identity: 'finwait' }),
      // There is no certificate that could name anybody.
      checkServerIdentity: () => undefined,
    });
    below.set(socket, tcp);
    onSocket(socket);
    socket.on('data', () => undefined);
  },
  actions: {
    bareFin: (socket) => {
      below.get(socket)?.end();
    },
  },
};

runByHand(import.meta, 'client', behaviour);
