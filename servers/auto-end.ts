import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

export const behaviour: Behaviour = {
  about: 'Lets Node answer the peer’s FIN with its own at once (allowHalfOpen: false).',
  allowHalfOpen: false,
  reads: true,
};

runByHand(import.meta, 'server', behaviour);
