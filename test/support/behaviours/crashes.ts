import type { Behaviour } from '../../../harness/peer/behaviour.ts';

export const behaviour: Behaviour = {
  about: 'Ends its process, with an error, when it is connected.',
  allowHalfOpen: true,
  reads: true,
  alone() {
    throw new Error('this behaviour is broken');
  },
};
