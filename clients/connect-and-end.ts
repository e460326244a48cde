import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

export const behaviour: Behaviour = {
  about: 'Connects and ends at once: handshake, FIN, and the peer’s FIN.',
  allowHalfOpen: false,
  reads: true,
  alone(socket) {
    socket.end();
  },
};

runByHand(import.meta, 'client', behaviour);
