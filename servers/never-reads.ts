import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

export const behaviour: Behaviour = {
  about: 'Accepts and never reads: octets gather in the kernel, no end event comes.',
  allowHalfOpen: true,
  reads: false,
};

runByHand(import.meta, 'server', behaviour);
