import { FinwaitError } from '../errors.ts';
import type { SocketFilter } from '../kernel/sampler.ts';
import type { ClockReading, Hold, SocketSnapshot } from '../model/observation.ts';
import { parseFlags } from '../model/segment.ts';
import { rejectUnknownOptions } from '../options.ts';
import { type WaitOptions, withDeadline } from '../timing.ts';
import { type AgentProcess, NetworkRefused, startAgent } from './agent-process.ts';
import { LabEvents } from './lab-events.ts';
import { LabProgram } from './lab-program.ts';
import { checkGateFilter } from './gate-filter.ts';
import { networkEntries } from './network.ts';
import type { Gate, Pair } from './pair.ts';
import { freePort, PairConnection, type PairOptions } from './pair-connection.ts';
import type { Program } from './program.ts';
import type { GateFilter, NetworkKind, ProgramOptions } from './protocol.ts';

export interface LabOptions {
  /**
   * `auto`: a private network where the machine grants one, the host's loopback otherwise.
   * @default 'auto'
   */
  readonly network?: NetworkKind | 'auto';
}

const NETWORKS: readonly string[] = ['auto', 'private', 'host'];

const HOW_TO_GET_ONE =
  'Run as root, allow unprivileged user namespaces, or use {network: "host"}; `finwait doctor` says more.';

/** How many clock readings are kept; the newest say most, as clocks are disciplined while they run. */
const CLOCK_READINGS = 16;

/**
 * Opens a private network with a capture, a socket sampler and two warm peer processes in it.
 * Needs no root where the kernel grants user namespaces.
 * @throws FinwaitError ERR_FINWAIT_LAB_REFUSED when `network: 'private'` is refused, ERR_FINWAIT_TOOL_MISSING,
 * ERR_FINWAIT_CAPTURE_PERMISSION; TypeError for an unknown option
 */
export async function openLab(options: LabOptions = {}): Promise<Lab> {
  rejectUnknownOptions(options, ['network']);
  const { network = 'auto' } = options;
  if (!NETWORKS.includes(network)) {
    throw new TypeError(`Unknown network "${network}"; known: ${NETWORKS.join(', ')}`);
  }
  const refusals: NetworkRefused[] = [];
  for (const entry of networkEntries(network, process.getuid?.() ?? -1)) {
    try {
      const events = new LabEvents();
      const agent = await startAgent(entry, events);
      void agent.ended.then(() => {
        events.agentEnded();
      });
      return await fenced(new Lab(agent, events, refusals.at(-1)?.message));
    } catch (error) {
      if (!(error instanceof NetworkRefused)) throw error;
      refusals.push(error);
    }
  }
  const reasons = refusals.map(({ message }) => message).join('; ');
  throw new FinwaitError('ERR_FINWAIT_LAB_REFUSED', `no private network here: ${reasons}`, {
    hint: refusals.at(-1)?.hint ?? HOW_TO_GET_ONE,
  });
}

/** Without a clock reading nothing could be placed on one line; a lab that cannot be fenced is no lab. */
async function fenced(lab: Lab): Promise<Lab> {
  try {
    await lab.fence();
    return lab;
  } catch (error) {
    await lab.stop();
    throw error;
  }
}

/** A network with a capture, a sampler and peers in it. Many pairs may run in it, one after another or at once. */
export class Lab implements AsyncDisposable {
  readonly #agent: AgentProcess;
  readonly #events: LabEvents;
  readonly #clockReadings: ClockReading[] = [];
  #holds: readonly Hold[] = [];
  #lastId = 0;
  readonly #nextId = (): number => ++this.#lastId;
  /** Why there is no private network; undefined when there is one. */
  readonly refusal: string | undefined;

  /** @internal Made by {@link openLab}. */
  constructor(agent: AgentProcess, events: LabEvents, refusal: string | undefined) {
    this.#agent = agent;
    this.#events = events;
    this.refusal = refusal;
  }

  get network(): NetworkKind {
    return this.#agent.entry.network;
  }

  /** True when the private network was made without root. */
  get rootless(): boolean {
    return this.#agent.entry.rootless;
  }

  /**
   * Starts the server's listener and the recording; nothing connects yet.
   * @throws TypeError for an unknown behaviour or option, or a server that another open pair has
   */
  async pair(options: PairOptions): Promise<Pair> {
    const connection = await PairConnection.open(options, {
      agent: this.#agent.functions,
      events: this.#events,
      clockReadings: this.#clockReadings,
      holds: () => this.#holds,
      nextId: this.#nextId,
      fence: (options) => this.fence(options),
      hold: (filter) => this.hold(filter),
    });
    return connection.pair;
  }

  /** A port of the lab's address that nobody listens on, and that its capture covers: for a program of your own. */
  async freePort(): Promise<number> {
    return await freePort({ agent: this.#agent.functions, nextId: this.#nextId });
  }

  /** One `ss` snapshot of this network. */
  async sample(filter?: SocketFilter, options: WaitOptions = {}): Promise<SocketSnapshot> {
    return await withDeadline(this.#agent.functions.sample(filter), { what: 'a snapshot of ss' }, options);
  }

  /** Resolves when every segment sent before the call has been read from the capture. */
  async fence(options: WaitOptions = {}): Promise<void> {
    const reading = this.#agent.functions.fence();
    this.#clockReadings.push(await withDeadline(reading, { what: 'the fence' }, options));
    if (this.#clockReadings.length > CLOCK_READINGS) this.#clockReadings.shift();
  }

  /**
   * Keeps matching segments from being received until released.
   * @throws FinwaitError ERR_FINWAIT_NEEDS_PRIVATE_NETWORK on the host's loopback; TypeError for an unknown option
   * or flag
   */
  async hold(filter: GateFilter): Promise<Gate> {
    checkGateFilter(filter);
    this.#requirePrivate('A gate');
    const flags = filter.flags === undefined ? 0 : parseFlags(filter.flags);
    const held = this.#agent.functions.hold(filter);
    const { gateId, atNs: fromNs } = await withDeadline(held, { what: 'a gate' });
    const { source = {}, destination = {} } = filter;
    const hold: Hold = { source, destination, flags, fromNs };
    // With no pair open nobody can ask about gates of the past.
    const { isIdle } = this.#events;
    const kept = isIdle ? this.#holds.filter(({ releasedNs }) => releasedNs === undefined) : this.#holds;
    this.#holds = [...kept, hold];
    let released: Promise<void> | undefined;
    const release = async (): Promise<void> => {
      released ??= this.#release(gateId, hold);
      await released;
    };
    return { release, [Symbol.asyncDispose]: release };
  }

  /** `net.ipv4.tcp_fin_timeout` and the like, as this network has them. */
  async readSysctl(name: string): Promise<string> {
    return await withDeadline(this.#agent.functions.readSysctl(name), { what: `the value of ${name}` });
  }

  /** @throws FinwaitError ERR_FINWAIT_NEEDS_PRIVATE_NETWORK on the host's loopback: the host's settings are not ours */
  async writeSysctl(name: string, value: string | number): Promise<void> {
    this.#requirePrivate('Writing a sysctl');
    const written = this.#agent.functions.writeSysctl(name, String(value));
    await withDeadline(written, { what: `the writing of ${name}` });
  }

  /**
   * Runs a program of your own in this network; resolves when it has started.
   * @throws FinwaitError ERR_FINWAIT_TOOL_MISSING when it cannot be started; TypeError for an unknown option
   */
  async spawn(
    command: string,
    args: readonly string[] = [],
    options: Pick<ProgramOptions, 'cwd' | 'env'> = {},
  ): Promise<Program> {
    rejectUnknownOptions(options, ['cwd', 'env']);
    const program = new LabProgram(this.#nextId(), command, this.#agent.functions, this.#events);
    await program.start({ command, args, ...options });
    return program;
  }

  /** Ends every process and the network itself. Idempotent. */
  async stop(): Promise<void> {
    await this.#agent.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  /** Until nft has answered, nobody knows whether the gate still holds. */
  async #release(gateId: number, hold: Hold): Promise<void> {
    const asked: Hold = { ...hold, toNs: process.hrtime.bigint() };
    this.#replaceHold(hold, asked);
    const releasing = this.#agent.functions.release(gateId);
    const { atNs: releasedNs } = await withDeadline(releasing, { what: 'the release of a gate' });
    this.#replaceHold(asked, { ...asked, releasedNs });
  }

  #replaceHold(old: Hold, changed: Hold): void {
    this.#holds = this.#holds.map((hold) => (hold === old ? changed : hold));
  }

  #requirePrivate(what: string): void {
    if (this.network === 'private') return;
    throw new FinwaitError(
      'ERR_FINWAIT_NEEDS_PRIVATE_NETWORK',
      `${what} needs a private network, and this lab is on the host's loopback: ${this.refusal ?? 'it was asked for'}`,
      { hint: 'Run as root or allow unprivileged user namespaces; `finwait doctor` says how.' },
    );
  }
}
