import type { Side } from '../model/connection.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { rejectUnknownOptions } from '../options.ts';
import { checkSide } from './check-condition.ts';
import { type Gate, gateOf } from './gate.ts';
import { NamedGates } from './named-gates.ts';
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

/** What a pair's faults need of it. */
interface PairEnds {
  readonly server: Endpoint;
  /** Of the client's end: where it is known, or told to bind. */
  readonly clientPort: number | undefined;
  fault(rule: FaultRule): Promise<Gate>;
}

const SIDES = ['client', 'server'] as const;

/** The faults of one pair, by name, until they are released. */
export class PairFaults {
  readonly #ends: PairEnds;
  readonly #gates = new NamedGates();

  constructor(ends: PairEnds) {
    this.#ends = ends;
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
    if (from !== undefined) checkSide(from);
    const rules = (from === undefined ? SIDES : [from]).map((side) => {
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
    const { server, clientPort } = this.#ends;
    const client = clientPort === undefined ? {} : { port: clientPort };
    // With its address: the same port of another may be a connection of its own.
    const ends =
      from === 'server' ? { source: server, destination: client } : { source: client, destination: server };
    return await this.#ends.fault({ ...rule, ...ends });
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
