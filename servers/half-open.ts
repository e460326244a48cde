import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

export const behaviour: Behaviour = {
  about: 'Stays writable after the peer’s FIN: sends a late reply, then its own FIN.',
  allowHalfOpen: true,
  reads: true,
  alone(socket) {
    socket.on('end', () => {
      socket.end('late reply\n');
    });
  },
};

runByHand(import.meta, 'server', behaviour);
