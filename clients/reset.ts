import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

export const behaviour: Behaviour = {
  about: 'Connects and resets: SO_LINGER 0 and close, a RST.',
  allowHalfOpen: true,
  reads: true,
  alone(socket) {
    socket.resetAndDestroy();
  },
};

runByHand(import.meta, 'client', behaviour);
