import type { Expectation } from '../expect/expectation.ts';
import type { Condition } from '../lab/condition.ts';
import type { Side } from '../model/connection.ts';
import type { SocketCommand } from '../peer/protocol.ts';

/** What a peer is told in a step. Only a client connects. */
export type StepCommand = { readonly verb: 'connect' } | SocketCommand;

/** One thing that one peer is told, and what must be observed before the next. */
export interface Step {
  readonly who: Side;
  readonly command: StepCommand;
  readonly until: Condition;
}

/** A peer that does something else than it is told; every expectation worth having must notice. */
export interface Mutant {
  /** `the client resets where it should end`. */
  readonly what: string;
  readonly who: Side;
  readonly instead: Readonly<Partial<Record<StepCommand['verb'], SocketCommand | 'nothing'>>>;
  /** A server behaviour that takes the place of the scenario's. */
  readonly server?: string;
}

/** A run of one connection, told step by step, with what is expected of it. One file each; plain data. */
export interface Scenario {
  /** File name without ending; what one types. */
  readonly name: string;
  readonly title: string;
  /** One paragraph for people: what happens and why. */
  readonly explanation: string;
  /** A behaviour in servers/, or `nobody`. */
  readonly server: string;
  /** A behaviour in clients/. */
  readonly client: string;
  readonly steps: readonly Step[];
  readonly expectations: readonly Expectation[];
  readonly mutants: readonly Mutant[];
}

/** `client half-closes`: a step in words. */
export function describeStep({ who, command }: Step): string {
  switch (command.verb) {
    case 'connect':
      return `${who} connects`;
    case 'write':
      return `${who} writes ${octets(command.data)}`;
    case 'end':
      return command.data === undefined
        ? `${who} ends its direction`
        : `${who} ends its direction, ${octets(command.data)} before the FIN`;
    case 'destroy':
      return `${who} destroys its socket`;
    case 'resetAndDestroy':
      return `${who} resets the connection`;
    case 'pause':
      return `${who} stops reading`;
    case 'resume':
      return `${who} reads on`;
    case 'read':
      return `${who} reads up to ${command.bytes} bytes`;
  }
}

function octets(data: string | Uint8Array): string {
  return `${Buffer.byteLength(data)} bytes`;
}
