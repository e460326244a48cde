import type { Damage } from '../harness/model/evidence.ts';

/** What is known to be missing from a capture: one entry a kind, brought up to date as it grows. */
export class DamageLog {
  readonly #entries = new Map<Damage['kind'], Damage>();
  readonly #listeners = new Set<(damage: Damage) => void>();

  get damage(): readonly Damage[] {
    return [...this.#entries.values()];
  }

  /** Called for each new kind, and when the detail of one changes. */
  onDamage(listener: (damage: Damage) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  report(kind: Damage['kind'], detail: string): void {
    if (this.#entries.get(kind)?.detail === detail) return;
    const damage: Damage = { lane: 'wire', kind, detail };
    this.#entries.set(kind, damage);
    for (const listener of this.#listeners) listener(damage);
  }
}
