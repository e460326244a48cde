import type { Damage } from '../model/evidence.ts';

/** Damage of one kind grows, and its newest detail says it all; but two peers that end are two losses. */
export function damageKey({ lane, kind, detail }: Damage): string {
  return kind === 'reports-lost' ? detail : `${lane} ${kind}`;
}
