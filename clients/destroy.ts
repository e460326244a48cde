import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

export const behaviour: Behaviour = {
  about: 'Connects and destroys the socket: a FIN, as nothing is unread.',
  allowHalfOpen: true,
  reads: true,
  alone(socket) {
    socket.destroy();
  },
};

runByHand(import.meta, 'client', behaviour);
