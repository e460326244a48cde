import type { NetworkSetting } from '../model/evidence.ts';
import { type Compression, describeSetting, spaced, type Sysctls } from './compression.ts';
import { gateOf } from './gate.ts';

interface Network {
  read(sysctl: string): Promise<string>;
  write(sysctl: string, value: string): Promise<void>;
}

/** A value that is not the usual one, for as long as the network had it. Monotonic ns. */
interface Changed {
  readonly setting: NetworkSetting;
  /** Absent while it has it. */
  readonly untilNs?: bigint;
}

/** A value that a change asked for, until it is put back. */
interface Layer {
  readonly sysctl: string;
  readonly value: string;
}

/** The settings of a lab's network: writes them, and keeps what the evidence must know of them. */
export class LabSettings {
  readonly #network: Network;
  readonly #isIdle: () => boolean;
  /** What was there before the first write. */
  readonly #usual = new Map<string, string>();
  #changed: readonly Changed[] = [];
  /** Of each changed sysctl, what was there before, and the changes in force, the newest last. */
  readonly #layers = new Map<string, { readonly beneath: string; readonly layers: readonly Layer[] }>();
  #last: Promise<unknown> = Promise.resolve();

  constructor(network: Network, isIdle: () => boolean) {
    this.#network = network;
    this.#isIdle = isIdle;
  }

  async read(sysctl: string): Promise<string> {
    return await this.#network.read(sysctl);
  }

  /** From now on, whatever is put back later; a value that is refused changes nothing. */
  async write(sysctl: string, value: string | number): Promise<void> {
    await this.#inTurn(async () => {
      await this.#write(sysctl, value);
      this.#layers.delete(sysctl);
    });
  }

  /**
   * All of them or none. Of several changes of one sysctl the newest is in force, in whatever order they are put back.
   */
  async change(sysctls: Sysctls): Promise<Compression> {
    const layers: Layer[] = [];
    await this.#inTurn(async () => {
      try {
        for (const [sysctl, value] of Object.entries(sysctls)) layers.push(await this.#cover(sysctl, value));
      } catch (error) {
        await this.#restore(layers).catch(() => undefined);
        throw error;
      }
    });
    const gate = gateOf(() => this.#inTurn(() => this.#restore(layers)));
    return { restore: () => gate.release(), [Symbol.asyncDispose]: () => gate.release() };
  }

  /** Settings that are not the usual ones, or have not been at some time since. */
  since(atNs: bigint): readonly NetworkSetting[] {
    const settings = this.#changed
      .filter(({ untilNs }) => untilNs === undefined || untilNs >= atNs)
      .map(({ setting }) => setting);
    return [...new Map(settings.map((each) => [`${each.sysctl} ${each.here}`, each])).values()];
  }

  /** One after the other: what is read is what is written over. */
  async #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#last.then(work);
    this.#last = done.catch(() => undefined);
    await done;
  }

  async #cover(sysctl: string, value: string | number): Promise<Layer> {
    const before = await this.#write(sysctl, value);
    const { beneath, layers } = this.#layers.get(sysctl) ?? { beneath: before, layers: [] };
    const layer = { sysctl, value: String(value) };
    this.#layers.set(sysctl, { beneath, layers: [...layers, layer] });
    return layer;
  }

  async #uncover(layer: Layer): Promise<void> {
    const { sysctl } = layer;
    const stack = this.#layers.get(sysctl);
    // Written over for good.
    if (stack?.layers.includes(layer) !== true) return;
    const rest = stack.layers.filter((each) => each !== layer);
    if (rest.length === 0) this.#layers.delete(sysctl);
    else this.#layers.set(sysctl, { ...stack, layers: rest });
    if (stack.layers.at(-1) === layer) await this.#write(sysctl, rest.at(-1)?.value ?? stack.beneath);
  }

  /** @returns what was there before */
  async #write(sysctl: string, value: string | number): Promise<string> {
    const before = await this.read(sysctl);
    if (!this.#usual.has(sysctl)) this.#usual.set(sysctl, before);
    // Noted first: of two hosts, one may have it though the other refuses.
    const note = this.#note(sysctl, String(value));
    try {
      await this.#network.write(sysctl, String(value));
    } catch (error) {
      // Where it cannot be put back, it stays noted.
      await this.#network.write(sysctl, before).then(
        () => (this.#changed = this.#changed.filter((each) => each !== note)),
        () => undefined,
      );
      throw error;
    }
    this.#endOthers(sysctl, note);
    return before;
  }

  /** Puts back as much as it can. @throws why the first of the rest could not be */
  async #restore(layers: readonly Layer[]): Promise<void> {
    const errors: unknown[] = [];
    for (const layer of layers.toReversed()) {
      try {
        await this.#uncover(layer);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw errors[0];
  }

  #note(sysctl: string, value: string): Changed | undefined {
    const usual = this.#usual.get(sysctl) ?? value;
    if (spaced(value) === spaced(usual)) return undefined;
    const note: Changed = { setting: describeSetting(sysctl, value, usual) };
    // With no pair open nobody can ask about settings of the past.
    const kept = this.#isIdle()
      ? this.#changed.filter(({ untilNs }) => untilNs === undefined)
      : this.#changed;
    this.#changed = [...kept, note];
    return note;
  }

  #endOthers(sysctl: string, note: Changed | undefined): void {
    const untilNs = process.hrtime.bigint();
    this.#changed = this.#changed.map((each) => {
      const isOver = each !== note && each.setting.sysctl === sysctl && each.untilNs === undefined;
      return isOver ? { ...each, untilNs } : each;
    });
  }
}
