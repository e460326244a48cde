import { correlate } from '../correlate/correlate.ts';
import type { Compression } from '../lab/compression.ts';
import type { Condition } from '../lab/condition.ts';
import type { Lab } from '../lab/lab.ts';
import type { LabServer } from '../lab/lab-server.ts';
import type { Pair } from '../lab/pair.ts';
import type { Connection, Side, Timeline } from '../model/connection.ts';
import type { SocketSnapshot } from '../model/observation.ts';
import type { RunEvidence } from '../model/run-evidence.ts';
import { pace, type WaitOptions } from '../timing.ts';
import type { Actor, NetworkCommand, PeerCommand, StepCommand } from './commands.ts';
import { Faults } from './faults.ts';
import { joinTimelines } from './join-timelines.ts';
import { describeStep, type Mutant, type Scenario, type Step } from './scenario.ts';
import { failureOf, StepFailed, timedOut } from './step-failed.ts';
import { tellPeer } from './tell-peer.ts';

export interface StageOptions {
  readonly mutant?: Mutant;
  readonly wait: WaitOptions;
  readonly beforeStep?: (step: Step, index: number) => void | Promise<void>;
  readonly afterStep?: (stage: Stage) => void | Promise<void>;
}

export interface SocketWait {
  /** The connection whose sockets and evidence are meant. @default 'main' */
  readonly on?: string;
  /** For what takes longer than a step may. @default a step's */
  readonly timeoutMs?: number;
  /** @default 5 */
  readonly everyMs?: number;
}

/** Name of the connection that a scenario's own server and client make. */
const MAIN = 'main';

/** Where a scenario is played: a lab with its peers, connections by name, faults and notes. */
export class Stage implements AsyncDisposable {
  readonly lab: Lab;
  readonly scenario: Scenario;
  /** What the play has found out, for its checks. */
  readonly notes: Record<string, unknown> = {};
  readonly #options: StageOptions;
  readonly #pairs = new Map<string, Pair>();
  readonly #servers: LabServer[] = [];
  readonly #killed: Record<string, readonly Side[]> = {};
  readonly #faults: Faults;
  readonly #compression: Compression;
  #steps = 0;

  /** Sets the lab up as the scenario wants it, with its server and client ready to connect. */
  static async open(lab: Lab, scenario: Scenario, options: StageOptions): Promise<Stage> {
    const { time = {}, sysctls } = scenario.setting ?? {};
    const stage = new Stage(lab, scenario, options, await lab.compress(time, sysctls));
    try {
      const server = options.mutant?.server ?? scenario.server;
      const client = options.mutant?.client ?? scenario.client;
      await stage.connection(MAIN, { server, client });
      return stage;
    } catch (error) {
      await stage.close();
      throw error;
    }
  }

  private constructor(lab: Lab, scenario: Scenario, options: StageOptions, compression: Compression) {
    this.lab = lab;
    this.scenario = scenario;
    this.#options = options;
    this.#compression = compression;
    this.#faults = new Faults(lab);
  }

  /** The connection of the scenario's own server and client. */
  get main(): Pair {
    return this.pair(MAIN);
  }

  /** @throws TypeError when the play made none of that name */
  pair(name: string): Pair {
    const pair = this.#pairs.get(name);
    if (pair === undefined) throw new TypeError(`There is no connection "${name}" in ${this.scenario.name}`);
    return pair;
  }

  /** The server program of the main connection, for further ones to connect to. */
  get server(): LabServer {
    const { listening } = this.main;
    if (listening === undefined) throw new TypeError(`${this.scenario.name} has no server that listens`);
    return listening;
  }

  /**
   * Makes ready another connection. Left out, the server is the main connection's, the client a second of its kind.
   */
  async connection(
    name: string,
    { server = this.server, client = this.scenario.client }: Partial<Parameters<Lab['pair']>[0]> = {},
  ): Promise<Pair> {
    const pair = await this.lab.pair({ server, client });
    this.#pairs.set(name, pair);
    // What is there before the first segment, LISTEN mostly, nobody awaits. Where ss is gone, the evidence tells.
    await failureOf(pair.sample());
    return pair;
  }

  /** Starts another server, for further connections to connect to; it ends with the stage. */
  async listen(server: Parameters<Lab['listen']>[0]): Promise<LabServer> {
    const listening = await this.lab.listen(server);
    this.#servers.push(listening);
    return listening;
  }

  /**
   * Takes one step: tells it, as far as no mutant tells something else, and waits for what it must bring about.
   * @throws StepFailed which ends the play
   */
  async take(step: Step): Promise<void> {
    const { mutant, wait, beforeStep, afterStep } = this.#options;
    await beforeStep?.(step, this.#steps++);
    const told = await failureOf(this.#tell(step, mutated(step, mutant)));
    // Who does not answer was not told at all; a peer cannot do as told when its socket is gone.
    const what = describeStep(step);
    if (told !== undefined) throw new StepFailed(what, told, told.code === 'ERR_FINWAIT_PEER_COMMAND');
    if (step.until !== undefined) await this.#until(what, step.until, step.on ?? MAIN, wait);
    await afterStep?.(this);
  }

  /** A step in three words. */
  async tell(who: Actor, command: StepCommand, until?: Condition, on?: string): Promise<void> {
    await this.take({ who, command, ...(until && { until }), ...(on !== undefined && { on }) });
  }

  /**
   * Waits for something that comes of itself, without telling anybody anything.
   * @throws StepFailed which ends the play
   */
  async until(
    condition: Condition,
    { on = MAIN, timeoutMs }: Omit<SocketWait, 'everyMs'> = {},
  ): Promise<void> {
    const wait = { ...this.#options.wait, ...(timeoutMs !== undefined && { timeoutMs }) };
    await this.#until('what comes of itself', condition, on, wait);
  }

  /**
   * Asks `ss` until it shows what is wanted; each snapshot is evidence of that connection.
   * @param what in words, for the message when it does not come
   */
  async untilSockets(
    what: string,
    isWanted: (snapshot: SocketSnapshot) => boolean,
    options: SocketWait = {},
  ): Promise<SocketSnapshot> {
    const { signal } = this.#options.wait;
    const { on = MAIN, everyMs = 5, timeoutMs = this.#options.wait.timeoutMs ?? 5000 } = options;
    const pair = this.pair(on);
    const beganAtMs = performance.now();
    for (;;) {
      const snapshot = await pair.sample();
      if (isWanted(snapshot)) return snapshot;
      if (performance.now() - beganAtMs > timeoutMs) {
        throw new StepFailed(`ss shows ${what}`, timedOut(what, timeoutMs), true);
      }
      await pace(everyMs, signal);
    }
  }

  /** Sides whose socket was killed by `ss -K` as told, by the names of the connections. */
  get killed(): Readonly<Record<string, readonly Side[]>> {
    return { ...this.#killed };
  }

  /** Keeps something that the play has found out, for its checks. */
  note(name: string, value: unknown): void {
    this.notes[name] = value;
  }

  /** All that was seen up to now: every connection of the play, the main one's first. */
  async timeline(): Promise<{
    readonly timeline: Timeline;
    readonly connections: Readonly<Record<string, Connection>>;
    readonly evidence: Readonly<Record<string, RunEvidence>>;
  }> {
    const parts = await Promise.all(
      [...this.#pairs].map(async ([name, pair]) => ({ name, evidence: await pair.evidence() })),
    );
    const timelines = parts.map(({ name, evidence }) => ({ name, timeline: correlate(evidence) }));
    return {
      ...joinTimelines(timelines),
      evidence: Object.fromEntries(parts.map(({ name, evidence }) => [name, evidence])),
    };
  }

  /**
   * Ends every connection, fault and server, and puts the network's settings back: each, whatever becomes of the others.
   * @throws what the first of them threw
   */
  async close(): Promise<void> {
    const errors: unknown[] = [];
    for (const end of [
      () => this.#faults.releaseAll(),
      ...[...this.#pairs.values(), ...this.#servers].map((each) => () => each.stop()),
      () => this.#compression.restore(),
    ]) {
      await end().catch((error: unknown) => errors.push(error));
    }
    if (errors.length > 0) throw errors[0];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #until(what: string, condition: Condition, on: string, wait: WaitOptions): Promise<void> {
    const seen = await failureOf(this.pair(on).until(condition, wait));
    // Any other error than that it did not come is the lab's: what observes died, and proves nothing.
    if (seen !== undefined) throw new StepFailed(what, seen, seen.code === 'ERR_FINWAIT_TIMEOUT');
  }

  async #tell(step: Step, command: StepCommand | 'nothing'): Promise<void> {
    if (command === 'nothing') return;
    const { who, on = MAIN } = step;
    const pair = this.pair(on);
    if (who === 'network') {
      await this.#faults.apply(pair, command as NetworkCommand);
      return;
    }
    await tellPeer(pair, who, command as PeerCommand, this.#options.wait);
    if (command.verb === 'killSocket') this.#killed[on] = [...(this.#killed[on] ?? []), who];
  }
}

function mutated({ who, command }: Step, mutant: Mutant | undefined): StepCommand | 'nothing' {
  return (mutant?.who === who ? mutant.instead?.[command.verb] : undefined) ?? command;
}
