import net from 'node:net';
import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

export const behaviour: Behaviour = {
  about: 'Connects to a name with an IPv6 and an IPv4 address by autoSelectFamily: one after the other.',
  allowHalfOpen: false,
  reads: true,
  dial({ host, port }, onSocket) {
    const socket = new net.Socket();
    onSocket(socket);
    socket.on('data', () => undefined);
    socket.connect({
      host: 'two-addresses.test',
      port,
      autoSelectFamily: true,
      // What a resolver would say; the name is reserved for tests (RFC 6761 §6.2).
      lookup: (_name, _options, answer) => {
        answer(null, [
          { address: '::1', family: 6 },
          { address: host, family: 4 },
        ]);
      },
    });
  },
};

runByHand(import.meta, 'client', behaviour);
