import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

export const behaviour: Behaviour = {
  about: 'Reads on and never ends: after the peer’s FIN it stays in CLOSE-WAIT.',
  allowHalfOpen: true,
  reads: true,
};

runByHand(import.meta, 'server', behaviour);
