import { FinwaitError } from '../errors.ts';
import { checkSide, type Side, SIDES } from '../model/connection.ts';
import { rejectUnknownOptions } from '../options.ts';
import { type Gate, gateOf } from './gate.ts';
import { NamedGates } from './named-gates.ts';
import type { PairEnds } from './pair-ends.ts';
import type { FaultRule } from './protocol.ts';
import { type Loss, lossOf } from './seeded-loss.ts';

/** What a fault may be called, for `pair.release(name)`. */
export interface FaultName {
  /** Several may have the same name: they are released together. @default none */
  readonly as?: string;
}

/** What befalls segments that one side sends. */
export interface PairFault extends Omit<FaultRule, 'source' | 'destination'>, FaultName {
  readonly from: Side;
}

/** Which segments that one side sends are held; an unset field means "any". */
export type PairHold = Omit<PairFault, 'action' | 'nth' | 'outOf'>;

/** Segments that get lost, which ones being a matter of `seed` alone. */
export interface PairLoss extends Loss, FaultName {
  /** @default both sides' */
  readonly from?: Side;
}

/** The faults of one pair, by name, until they are released. */
export class PairFaults {
  readonly #ends: PairEnds;
  readonly #setFault: (rule: FaultRule) => Promise<Gate>;
  readonly #gates = new NamedGates();

  constructor(ends: PairEnds, setFault: (rule: FaultRule) => Promise<Gate>) {
    this.#ends = ends;
    this.#setFault = setFault;
  }

  async hold(filter: PairHold): Promise<Gate> {
    rejectUnknownOptions(filter, ['from', 'flags', 'without', 'as']);
    return await this.fault({ ...filter, action: 'drop' });
  }

  async fault(fault: PairFault): Promise<Gate> {
    return this.#name(await this.#set(fault), fault);
  }

  async blackhole(options: FaultName): Promise<Gate> {
    rejectUnknownOptions(options, ['as']);
    const drops = SIDES.map((from) => this.#set({ from, action: 'drop' }));
    return this.#name(await together(drops), options);
  }

  async lose(loss: PairLoss): Promise<Gate> {
    rejectUnknownOptions(loss, ['rate', 'seed', 'from', 'as']);
    const { from } = loss;
    const rules = (from === undefined ? SIDES : [checkSide(from)]).map((side) => {
      return { from: side, ...lossOf(loss, side), action: 'drop' } as const;
    });
    return this.#name(await together(rules.map((rule) => this.#set(rule))), loss);
  }

  async release(name: string | undefined): Promise<void> {
    await this.#gates.release(name);
  }

  #name(gate: Gate, { as }: FaultName): Gate {
    this.#gates.add(gate, as);
    return gate;
  }

  async #set({ from, as: _as, ...rule }: PairFault): Promise<Gate> {
    rejectUnknownOptions(rule, ['flags', 'without', 'nth', 'outOf', 'action']);
    checkSide(from);
    const { recording, clientPort } = this.#ends;
    const endCounting = rule.nth === undefined ? () => undefined : this.#ends.countForOne();
    if (endCounting === undefined) {
      throw new FinwaitError(
        'ERR_FINWAIT_PEER_COMMAND',
        'a fault with nth: other clients of this server would be counted, too, while this one’s end is not known',
        {
          hint: 'Set it once the client has connected, or tell the client where to bind: {behaviour, options: {localPort: await lab.freePort()}}.',
        },
      );
    }
    const { server } = recording;
    const client = clientPort === undefined ? {} : { port: clientPort };
    // With its address: the same port of another may be a connection of its own.
    const ends =
      from === 'server' ? { source: server, destination: client } : { source: client, destination: server };
    try {
      const gate = await this.#setFault({ ...rule, ...ends });
      return gateOf(async () => {
        await gate.release();
        endCounting();
      });
    } catch (error) {
      endCounting();
      throw error;
    }
  }
}

/** All of them or none. */
async function together(setting: readonly Promise<Gate>[]): Promise<Gate> {
  const settled = await Promise.allSettled(setting);
  const gates = settled.filter((each) => each.status === 'fulfilled').map(({ value }) => value);
  const release = async (): Promise<void> => {
    await Promise.all(gates.map((gate) => gate.release()));
  };
  const refusal = settled.find((each) => each.status === 'rejected');
  if (refusal === undefined) return gateOf(release);
  await release();
  throw refusal.reason;
}
