import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

export const behaviour: Behaviour = {
  about: 'Sends back what it reads, and its FIN after the peer’s.',
  allowHalfOpen: true,
  reads: true,
  alone(socket) {
    socket.pipe(socket);
  },
};

runByHand(import.meta, 'server', behaviour);
