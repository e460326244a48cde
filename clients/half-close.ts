import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

export const behaviour: Behaviour = {
  about: 'Sends a request with its FIN behind it, and reads the reply to its end.',
  allowHalfOpen: true,
  reads: true,
  alone(socket) {
    socket.end('request\n');
  },
};

runByHand(import.meta, 'client', behaviour);
