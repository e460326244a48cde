import type { Behaviour } from '../../../harness/peer/behaviour.ts';

export const behaviour: Behaviour = {
  about: 'Reads only what it is told to.',
  allowHalfOpen: true,
  reads: false,
};
