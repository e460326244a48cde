import type { Socket } from 'node:net';

/**
 * What a server or client program does with its sockets: one file a behaviour in `servers/` and `clients/`.
 * Plain enough to be read at a glance and run by hand.
 */
export interface Behaviour {
  /** One sentence for lists and `--help`. */
  readonly about: string;
  /** `net`'s option: whether the socket stays writable after the peer's FIN. */
  readonly allowHalfOpen: boolean;
  /** False leaves arriving octets in the kernel's receive queue: the socket is paused from the start. */
  readonly reads: boolean;
  /** A client that is meant for a port where nobody listens; by hand it finds one itself. */
  readonly target?: 'nobody';
  /**
   * What the program does of its own accord once connected. A *driven* peer leaves this out: there nothing happens
   * that the runner did not tell.
   */
  readonly alone?: (socket: Socket) => void;
}

/** A module of `servers/` or `clients/`, or one of yours. */
export interface BehaviourModule {
  readonly behaviour: Behaviour;
}
