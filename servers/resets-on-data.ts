import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

export const behaviour: Behaviour = {
  about: 'Resets the connection (RST) at the first octets it reads.',
  allowHalfOpen: true,
  reads: true,
  alone(socket) {
    socket.once('data', () => {
      socket.resetAndDestroy();
    });
  },
};

runByHand(import.meta, 'server', behaviour);
