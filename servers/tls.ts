import tls from 'node:tls';
import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

/** A key that both sides know stands in for certificates; TLS 1.2, whose alerts have a size that one can tell. */
export const TLS_OPTIONS = {
  ciphers: 'PSK-AES128-GCM-SHA256',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
} as const;

export const PRE_SHARED_KEY: Uint8Array = Buffer.from('this is no secret');

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
