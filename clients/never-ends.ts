import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

export const behaviour: Behaviour = {
  about: 'Connects, writes a request and never ends.',
  allowHalfOpen: true,
  reads: true,
  alone(socket) {
    socket.write('request\n');
  },
};

runByHand(import.meta, 'client', behaviour);
