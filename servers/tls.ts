import tls from 'node:tls';
import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';
import { PRE_SHARED_KEY, TLS_OPTIONS } from '../harness/peer/pre-shared-key.ts';

export const behaviour: Behaviour = {
  about: 'Speaks TLS; its socket is there once the TLS handshake is over.',
  allowHalfOpen: false,
  reads: true,
  serve: (options, onSocket) =>
    tls.createServer({ ...options, ...TLS_OPTIONS, pskCallback: () => PRE_SHARED_KEY }, (socket) => {
      onSocket(socket);
      socket.on('data', () => undefined);
    }),
};

runByHand(import.meta, 'server', behaviour);
