import type { ClosingCallName, NodeEvent, NodeEventName, NodeEvents } from '../model/node-event.ts';
import type { SocketLife, ThreadEnd } from '../model/socket-life.ts';
import type { ClockMap } from './clocks.ts';

export type EventOf<Name extends NodeEventName> = { readonly name: Name } & NodeEvents[Name];

/** A call that may send a FIN or a RST. */
export type ClosingCall = EventOf<ClosingCallName>;

/** A socket's life on the capture's clock. Every time in and out is ns since the epoch. */
export class PlacedLife {
  readonly life: SocketLife;
  readonly #clock: ClockMap;

  constructor(life: SocketLife, clock: ClockMap) {
    this.life = life;
    this.#clock = clock;
  }

  /** How far any two times of the two lanes may be apart without telling which was first. */
  get errorNs(): bigint {
    return this.#clock.errorNs;
  }

  at(monotonicNs: bigint): bigint {
    return monotonicNs + this.#clock.offsetNs;
  }

  first<Name extends NodeEventName>(name: Name): EventOf<Name> | undefined {
    return this.life.events.find((event) => event.name === name) as EventOf<Name> | undefined;
  }

  last<Name extends NodeEventName>(name: Name): EventOf<Name> | undefined {
    return this.life.events.findLast((event) => event.name === name) as EventOf<Name> | undefined;
  }

  /** Whether an event surely, or as far as the clocks can tell, had happened by then. */
  isBy(event: Pick<NodeEvent, 'atNs'> | undefined, ns: bigint): boolean {
    return event !== undefined && this.at(event.atNs) <= ns + this.errorNs;
  }

  /** The process was gone by then: how. */
  goneBy(ns: bigint): Gone | undefined {
    return goneBy(this.life.thread, ns, this.#clock);
  }
}

/** How a thread went that no longer is. */
export type Gone = 'exit' | 'worker terminated' | 'worker terminated or process killed' | 'killed';

/** Whether a thread was gone at a time of the capture's clock, and how; undefined, too, where that is not known. */
export function goneBy(
  { silence, exitedAtNs, cut, lastEventAtNs, mainLastEventAtNs }: ThreadEnd,
  ns: bigint,
  { offsetNs, errorNs }: ClockMap,
): Gone | undefined {
  const latest = ns - offsetNs + errorNs;
  if (exitedAtNs !== undefined) return exitedAtNs <= latest ? 'exit' : undefined;
  if (!cut || lastEventAtNs > latest) return undefined;
  if (silence === 'still running' || silence === 'record broke off') return undefined;
  // A process that was killed by then records nothing afterwards.
  if (mainLastEventAtNs !== undefined && mainLastEventAtNs > latest) return 'worker terminated';
  return silence ?? 'killed';
}
