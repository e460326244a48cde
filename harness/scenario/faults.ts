import type { Gate } from '../lab/gate.ts';
import type { Lab } from '../lab/lab.ts';
import type { Pair } from '../lab/pair.ts';
import { type NetworkCommand, ordinalsOf, type SegmentChoice } from './commands.ts';
import { lostOrdinals } from './seeded-loss.ts';

const SIDES = ['client', 'server'] as const;

/** The faults of a play, by name, until they are released. */
export class Faults {
  readonly #lab: Lab;
  readonly #set: { readonly name: string; readonly gate: Gate }[] = [];

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  async apply(pair: Pair, command: NetworkCommand): Promise<void> {
    if (command.verb === 'release') {
      await this.#release(command.which);
      return;
    }
    for (const gate of await this.#gates(pair, command)) {
      this.#set.push({ name: command.as ?? command.verb, gate });
    }
  }

  async releaseAll(): Promise<void> {
    await this.#release(undefined);
  }

  async #release(which: string | undefined): Promise<void> {
    const chosen = this.#set.filter(({ name }) => which === undefined || name === which);
    if (which !== undefined && chosen.length === 0)
      throw new TypeError(`There is no fault "${which}" to release`);
    await Promise.all(chosen.map(({ gate }) => gate.release()));
    for (const each of chosen) this.#set.splice(this.#set.indexOf(each), 1);
  }

  async #gates(pair: Pair, command: Exclude<NetworkCommand, { verb: 'release' }>): Promise<readonly Gate[]> {
    switch (command.verb) {
      case 'hold':
        return [await pair.fault({ ...patternOf(command), action: 'drop' })];
      case 'drop':
        return [await pair.fault({ ...patternOf(command), nth: ordinalsOf(command), action: 'drop' })];
      case 'inject':
        return [await pair.fault({ ...patternOf(command), nth: ordinalsOf(command), action: 'reset' })];
      case 'keep':
        return [
          await pair.fault({
            ...patternOf(command),
            ...(command.nth !== undefined && { nth: ordinalsOf(command) }),
            action: 'keep',
          }),
        ];
      case 'duplicate':
        return [await pair.fault({ ...patternOf(command), nth: ordinalsOf(command), action: 'duplicate' })];
      case 'blackhole':
        return await Promise.all(SIDES.map((from) => pair.fault({ from, action: 'drop' })));
      case 'lose': {
        const sides = command.from === undefined ? SIDES : [command.from];
        return await Promise.all(
          sides.map((from) => pair.fault({ from, nth: lostOrdinals(command, from), action: 'drop' })),
        );
      }
      case 'delay':
        return [await this.#lab.delay(command.ms)];
      case 'unplug':
        return [await this.#lab.unplug(command.host)];
    }
  }
}

function patternOf({ from, flags, without }: Omit<SegmentChoice, 'nth'>): Omit<SegmentChoice, 'nth'> {
  return { from, ...(flags !== undefined && { flags }), ...(without !== undefined && { without }) };
}
