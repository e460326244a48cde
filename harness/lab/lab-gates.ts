import type { BirpcReturn } from 'birpc';
import { isFinwaitError } from '../errors.ts';
import type { Side } from '../model/connection.ts';
import type { Hold } from '../model/observation.ts';
import { parseFlags } from '../model/segment.ts';
import { withDeadline } from '../timing.ts';
import { type Gate, gateOf } from './gate.ts';
import { ADDRESSES } from './host.ts';
import type { LabEvents } from './lab-events.ts';
import type { AgentEvents, AgentFunctions, FaultRule } from './protocol.ts';
import { SegmentCount } from './segment-count.ts';

/** Sets a lab's gates, and keeps what the evidence must know of them. */
export class LabGates {
  readonly #agent: BirpcReturn<AgentFunctions, AgentEvents>;
  readonly #events: LabEvents;
  #holds: readonly Hold[] = [];

  constructor(agent: BirpcReturn<AgentFunctions, AgentEvents>, events: LabEvents) {
    this.#agent = agent;
    this.#events = events;
  }

  get holds(): readonly Hold[] {
    return this.#holds;
  }

  async fault(rule: FaultRule): Promise<Gate> {
    this.#events.disturb();
    const count = countOf(rule);
    // Asked before the gate is there, so that it misses none.
    if (count !== undefined) this.#events.count(count);
    const askedNs = process.hrtime.bigint();
    try {
      const { gateId, atNs: fromNs } = await this.#set(this.#agent.setFault(rule), 'a gate');
      // Either way the segments are received.
      if (rule.action === 'duplicate' || rule.action === 'keep') return this.#gate(gateId, []);
      const hold: Hold = { ...heldBy(rule), ...(count && { counted: count.counted }), askedNs, fromNs };
      return this.#gate(gateId, [hold]);
    } catch (error) {
      if (count !== undefined) this.#events.uncount(count);
      throw error;
    }
  }

  async unplug(side: Side): Promise<Gate> {
    this.#events.disturb();
    const askedNs = process.hrtime.bigint();
    const { gateId, atNs: fromNs } = await this.#set(this.#agent.unplug(side), 'the pulling of a cable');
    // What it would have received is on the wire, and what it sends never gets there.
    const holds = ADDRESSES[side].map((address) => {
      return { source: {}, destination: { address }, flags: 0, askedNs, fromNs };
    });
    return this.#gate(gateId, holds);
  }

  async delay(ms: number): Promise<Gate> {
    this.#events.disturb();
    const delaying = this.#agent.delay(ms);
    try {
      await withDeadline(delaying, { what: 'a delay' });
    } catch (error) {
      // Nothing is lost by it, but nobody has a gate to end it with.
      void whenLate(delaying, () => this.#agent.delay(0));
      throw error;
    }
    return gateOf(async () => {
      await withDeadline(this.#agent.delay(0), { what: 'the end of a delay' });
    });
  }

  /** What is set too late is released at once: meanwhile nobody knows from when to when it held. */
  async #set(setting: Promise<SetGate>, what: string): Promise<SetGate> {
    try {
      return await withDeadline(setting, { what });
    } catch (error) {
      if (isTimeout(error)) {
        const detail = `${what} was asked for, and may have held for a time that nobody knows: the lab’s agent did not answer`;
        this.#events.damage({ lane: 'wire', kind: 'fault-uncertain', detail });
        void whenLate(setting, ({ gateId }) => this.#agent.release(gateId));
      }
      throw error;
    }
  }

  #gate(gateId: number, holds: readonly Hold[]): Gate {
    // With no pair open nobody can ask about gates of the past.
    const { isIdle } = this.#events;
    const kept = isIdle ? this.#holds.filter(({ releasedNs }) => releasedNs === undefined) : this.#holds;
    this.#holds = [...kept, ...holds];
    return gateOf(async () => {
      await this.#release(gateId, holds);
    });
  }

  /** Until nft has answered, nobody knows whether the gate still holds. */
  async #release(gateId: number, holds: readonly Hold[]): Promise<void> {
    const asked = this.#replace(holds, { toNs: process.hrtime.bigint() });
    // Also when the answer is late.
    const released = this.#agent.release(gateId).then(({ atNs: releasedNs }) => {
      for (const { counted } of this.#replace(asked, { releasedNs })) this.#events.endCount(counted);
    });
    await withDeadline(released, { what: 'the release of a gate' });
  }

  #replace(old: readonly Hold[], change: Partial<Hold>): readonly Hold[] {
    const changed = old.map((hold) => ({ ...hold, ...change }));
    this.#holds = this.#holds.map((hold) => changed[old.indexOf(hold)] ?? hold);
    return changed;
  }
}

interface SetGate {
  readonly gateId: number;
  /** Monotonic time from which it surely holds. */
  readonly atNs: bigint;
}

function isTimeout(error: unknown): boolean {
  return isFinwaitError(error) && error.code === 'ERR_FINWAIT_TIMEOUT';
}

/** Takes back what was set after all; what was refused, or an agent that has ended, leaves nothing to take back. */
async function whenLate<T>(setting: Promise<T>, takeBack: (set: T) => Promise<unknown>): Promise<void> {
  await setting.then(takeBack).catch(() => undefined);
}

/** Of a rule that keeps segments from being received, what the evidence is told of it. */
function heldBy({ source = {}, destination = {}, flags, without, action }: FaultRule): Omit<Hold, 'fromNs'> {
  return {
    source,
    destination,
    flags: flags === undefined ? 0 : parseFlags(flags),
    ...(without !== undefined && { without: parseFlags(without) }),
    ...(action === 'reset' && { resets: true }),
  };
}

function countOf(rule: FaultRule): SegmentCount | undefined {
  const { nth, outOf, action } = rule;
  const isHold = action === 'drop' || action === 'reset';
  return nth === undefined || !isHold ? undefined : new SegmentCount(heldBy(rule), { nth, outOf });
}
