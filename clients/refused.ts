import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

export const behaviour: Behaviour = {
  about: 'Connects to a port where nobody listens.',
  allowHalfOpen: true,
  reads: true,
  target: 'nobody',
};

runByHand(import.meta, 'client', behaviour);
