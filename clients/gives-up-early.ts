import net from 'node:net';
import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

export const behaviour: Behaviour = {
  about: 'Connects and destroys the socket before Node can tell it that it is connected.',
  allowHalfOpen: false,
  reads: true,
  dial(target, onSocket) {
    const socket = new net.Socket();
    onSocket(socket);
    socket.on('data', () => undefined);
    socket.connect(target);
    // connect(2) is called in the next tick, and this runs right behind it.
    process.nextTick(() => {
      socket.destroy();
    });
  },
};

runByHand(import.meta, 'client', behaviour);
