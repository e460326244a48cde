import type { Expectation } from '../expect/expectation.ts';
import type { TimeCompression } from '../lab/compression.ts';
import type { Condition } from '../lab/condition.ts';
import type { ServerChoice } from '../lab/lab-server.ts';
import type { ClientChoice, DiallingServer } from '../lab/pair-options.ts';
import type { Check } from './check.ts';
import { type Actor, describeCommand, type StepCommand, type StepVerb } from './commands.ts';
import type { Stage } from './stage.ts';

/** One thing that somebody is told, and what must be observed before the next. */
export interface Step {
  readonly who: Actor;
  readonly command: StepCommand;
  /** Of the connection that is meant. Left out: nothing is waited for but the answer. */
  readonly until?: Condition;
  /** The connection that is meant, by the name that the play gave it. @default 'main' */
  readonly on?: string;
}

/** A peer, or a network, that does something else than it is told; every expectation worth having must notice. */
export interface Mutant {
  /** `the client resets where it should end`. */
  readonly what: string;
  readonly who: Actor;
  /** By verb: what is told instead. */
  readonly instead?: Readonly<Partial<Record<StepVerb, StepCommand | 'nothing'>>>;
  /** Programs that take the place of the scenario's. */
  readonly server?: Scenario['server'];
  readonly client?: Scenario['client'];
}

/**
 * Where a scenario belongs in the list, in the order in which one would learn them.
 * - `open`, `close`, `half-close`, `reset`, `loss`, `server`, `process`: what programs and networks do;
 * - `states`: what it takes to see a state or an arrow of RFC 9293 that passes too fast otherwise.
 */
export const CHAPTERS = [
  'open',
  'close',
  'half-close',
  'reset',
  'reading',
  'time',
  'loss',
  'server',
  'process',
  'protocol',
  'states',
] as const;

export type Chapter = (typeof CHAPTERS)[number];

/** What a scenario's network must be. */
export interface Setting {
  /** Two hosts joined by a cable, the client on one, the server on the other. @default 1 */
  readonly hosts?: 1 | 2;
  /** Shorter timers; printed beside every time that is shown. */
  readonly time?: TimeCompression;
  /** Other settings of the network, by sysctl(8)'s name: `net.ipv4.ip_local_port_range`. */
  readonly sysctls?: Readonly<Record<string, string | number>>;
  /** Faults, kills and the like take a network of its own; true where a play uses them. @default by the steps */
  readonly private?: boolean;
}

/** A connection, or several, told step by step, with what is expected of them. One file each in catalogue/. */
export interface Scenario {
  /** File name without ending; what one types. */
  readonly name: string;
  readonly title: string;
  /** One paragraph for people: what happens and why. */
  readonly explanation: string;
  readonly chapter: Chapter;
  /** Where it stands in its chapter; those of equal rank are sorted by name. @default 50 */
  readonly rank?: number;
  /** Why it takes long; it is run only when asked for by name, or with --slow. */
  readonly slow?: string;
  readonly setting?: Setting;
  /** A behaviour in servers/, with options if need be, `nobody`, or a second client. */
  readonly server: string | ServerChoice | DiallingServer;
  /** A behaviour in clients/, with options if need be. */
  readonly client: string | ClientChoice;
  /** What is told, one after the other… */
  readonly steps?: readonly Step[];
  /** … or, where that takes more than one connection, loops or looking, a function that tells it. */
  readonly play?: (stage: Stage) => Promise<void>;
  readonly expectations: readonly ScenarioExpectation[];
  readonly mutants: readonly Mutant[];
}

/** Of the main connection, of another by its name, or a check of the whole run. */
export type ScenarioExpectation = Expectation | OnConnection | Check;

export interface OnConnection {
  readonly kind: 'on';
  readonly name: string;
  readonly expectation: Expectation;
}

/** What is expected of another connection than the main one. */
export function on(name: string, expectation: Expectation): OnConnection {
  return { kind: 'on', name, expectation };
}

/** `client half-closes`: a step in words. */
export function describeStep({ who, command, on: name }: Step): string {
  const words = describeCommand(who, command);
  return name === undefined ? words : `${words} (${name})`;
}

const FAULTS: ReadonlySet<StepVerb> = new Set(['kill', 'freeze', 'thaw', 'killSocket']);

/** Whether it takes a network of its own: the host's loopback is nobody's to disturb. */
export function needsPrivateNetwork({ setting = {}, steps = [] }: Scenario): boolean {
  const { hosts = 1, time, sysctls, private: asked = false } = setting;
  const disturbs = steps.some(({ who, command }) => who === 'network' || FAULTS.has(command.verb));
  return asked || disturbs || hosts === 2 || time !== undefined || sysctls !== undefined;
}
