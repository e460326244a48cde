import type { Endpoint } from './endpoint.ts';
import type { NodeEvent } from './node-event.ts';

/** Something that a running program just did with a socket, and the ends of that socket as far as they are known. */
export interface LiveEvent {
  readonly event: NodeEvent;
  readonly local?: Endpoint;
  readonly peer?: Endpoint;
}
