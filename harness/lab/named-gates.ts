import type { Gate } from './gate.ts';

/** Gates that can be released by name, all of one name at once. */
export class NamedGates {
  #held: readonly { readonly name: string | undefined; readonly gate: Gate }[] = [];

  add(gate: Gate, name: string | undefined): void {
    this.#held = [...this.#held, { name, gate }];
  }

  /**
   * Releases those of this name, or all of them.
   * @throws TypeError when there is none of that name
   */
  async release(name?: string): Promise<void> {
    const isMeant = (each: { readonly name: string | undefined }): boolean => {
      return name === undefined || each.name === name;
    };
    const chosen = this.#held.filter(isMeant);
    if (name !== undefined && chosen.length === 0) {
      const names = [...new Set(this.#held.map((each) => each.name ?? '(without a name)'))];
      const known = names.length === 0 ? 'there is none' : `there are: ${names.join(', ')}`;
      throw new TypeError(`There is no fault "${name}" to release; ${known}`);
    }
    await Promise.all(chosen.map(({ gate }) => gate.release()));
    this.#held = this.#held.filter((each) => !chosen.includes(each));
  }
}
