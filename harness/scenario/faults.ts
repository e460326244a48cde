import type { Gate } from '../lab/gate.ts';
import type { Lab } from '../lab/lab.ts';
import { NamedGates } from '../lab/named-gates.ts';
import type { Pair } from '../lab/pair.ts';
import { type NetworkCommand, ordinalsOf, type SegmentChoice } from './commands.ts';

/** The faults of a play, by name, until they are released. */
export class Faults {
  readonly #lab: Lab;
  readonly #set = new NamedGates();

  constructor(lab: Lab) {
    this.#lab = lab;
  }

  async apply(pair: Pair, command: NetworkCommand): Promise<void> {
    if (command.verb === 'release') {
      await this.#set.release(command.which);
      return;
    }
    this.#set.add(await this.#gate(pair, command), command.as ?? command.verb);
  }

  async releaseAll(): Promise<void> {
    await this.#set.release();
  }

  async #gate(pair: Pair, command: Exclude<NetworkCommand, { verb: 'release' }>): Promise<Gate> {
    switch (command.verb) {
      case 'hold':
        return await pair.hold(patternOf(command));
      case 'drop':
        return await pair.fault({ ...patternOf(command), nth: ordinalsOf(command), action: 'drop' });
      case 'inject':
        return await pair.fault({ ...patternOf(command), nth: ordinalsOf(command), action: 'reset' });
      case 'keep':
        return await pair.fault({
          ...patternOf(command),
          ...(command.nth !== undefined && { nth: ordinalsOf(command) }),
          action: 'keep',
        });
      case 'duplicate':
        return await pair.fault({ ...patternOf(command), nth: ordinalsOf(command), action: 'duplicate' });
      case 'blackhole':
        return await pair.blackhole();
      case 'lose': {
        const { rate, seed, from } = command;
        return await pair.lose({ rate, seed, ...(from !== undefined && { from }) });
      }
      case 'delay':
        return await this.#lab.delay(command.ms);
      case 'unplug':
        return await this.#lab.unplug(command.host);
    }
  }
}

function patternOf({ from, flags, without }: Omit<SegmentChoice, 'nth'>): Omit<SegmentChoice, 'nth'> {
  return { from, ...(flags !== undefined && { flags }), ...(without !== undefined && { without }) };
}
