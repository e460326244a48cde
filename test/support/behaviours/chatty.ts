import type { Behaviour } from '../../../harness/peer/behaviour.ts';

process.stderr.write('x'.repeat(100_000));

export const behaviour: Behaviour = {
  about: 'Says more on stderr than anyone would keep.',
  allowHalfOpen: true,
  reads: true,
};
