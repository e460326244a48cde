import { FinwaitError } from '../errors.ts';
import type { SocketFilter } from '../kernel/sampler.ts';
import { checkSide, type Side } from '../model/connection.ts';
import type { ClockReading, SocketSnapshot } from '../model/observation.ts';
import { rejectUnknownOptions } from '../options.ts';
import { type WaitOptions, withDeadline } from '../timing.ts';
import type { AgentProcess } from './agent-process.ts';
import { type Compression, type Sysctls, sysctlsOf, type TimeCompression } from './compression.ts';
import { freeEndpoint } from './free-endpoint.ts';
import type { Gate } from './gate.ts';
import { checkFaultRule, checkGateFilter } from './gate-filter.ts';
import { ADDRESSES } from './host.ts';
import type { LabEvents } from './lab-events.ts';
import { LabGates } from './lab-gates.ts';
import { LabProgram } from './lab-program.ts';
import { LabServer, type ServerChoice } from './lab-server.ts';
import { LabSettings } from './lab-settings.ts';
import { Pair } from './pair.ts';
import { type PairOptions, serverKind } from './pair-options.ts';
import type { Program } from './program.ts';
import {
  type FaultRule,
  type GateFilter,
  type HostCount,
  LOOPBACK,
  type NetworkKind,
  type ProgramOptions,
} from './protocol.ts';
import type { SharedLab } from './shared-lab.ts';

/** How many clock readings are kept; the newest say most, as clocks are disciplined while they run. */
const CLOCK_READINGS = 16;

/** A network with a capture, a sampler and peers in it. Many pairs may run in it, one after another or at once. */
export class Lab implements AsyncDisposable {
  readonly #agent: AgentProcess;
  readonly #events: LabEvents;
  readonly #clockReadings: ClockReading[] = [];
  readonly #gates: LabGates;
  readonly #settings: LabSettings;
  #lastId = 0;
  readonly #nextId = (): number => ++this.#lastId;
  /** Why there is no private network; undefined when there is one. */
  readonly refusal: string | undefined;
  readonly hosts: HostCount;
  readonly #shared: SharedLab;

  /** @internal Made by `openLab()`. */
  constructor(
    agent: AgentProcess,
    events: LabEvents,
    { hosts, refusal }: { readonly hosts: HostCount; readonly refusal: string | undefined },
  ) {
    this.#agent = agent;
    this.#events = events;
    this.#gates = new LabGates(agent.functions, events);
    const { readSysctl, writeSysctl } = agent.functions;
    this.#settings = new LabSettings(
      {
        read: (name) => withDeadline(readSysctl(name), { what: `the value of ${name}` }),
        write: (name, value) => withDeadline(writeSysctl(name, value), { what: `the writing of ${name}` }),
      },
      () => events.isIdle,
    );
    this.refusal = refusal;
    this.hosts = hosts;
    this.#shared = {
      agent: agent.functions,
      events,
      clockReadings: this.#clockReadings,
      holds: () => this.#gates.holds,
      settingsSince: (atNs) => this.#settings.since(atNs),
      nextId: this.#nextId,
      addressOf: (side) => (hosts === 1 ? LOOPBACK : ADDRESSES[side][0]),
      fence: (options) => this.fence(options),
      fault: (rule) => this.fault(rule),
    };
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
   * @throws TypeError for an unknown behaviour or option
   */
  async pair(options: PairOptions): Promise<Pair> {
    return await Pair.open(options, this.#shared);
  }

  /** Starts a server that several pairs may have: `lab.pair({server, …})`. It is yours to stop. */
  async listen(
    server: string | URL | ServerChoice,
    options: { readonly driven?: boolean } = {},
  ): Promise<LabServer> {
    const kind = serverKind(server);
    if (kind.kind !== 'program') throw new TypeError('A server that listens is a behaviour in servers/');
    return await LabServer.open(kind.choice, options.driven ?? true, this.#shared);
  }

  /** A port of the lab's address that nobody listens on, and that its capture covers: for a program of your own. */
  async freePort(): Promise<number> {
    return (await freeEndpoint('server', this.#shared)).port;
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
    return await this.fault({ ...filter, action: 'drop' });
  }

  /** Something befalls matching segments behind the tap, until released. @throws as {@link Lab.hold} */
  async fault(rule: FaultRule): Promise<Gate> {
    checkFaultRule(rule, this.hosts);
    this.#requirePrivate('A gate');
    return await this.#gates.fault(rule);
  }

  /**
   * Pulls the cable of that side's host, until it is put back: it receives nothing, and nothing of it arrives.
   * @throws FinwaitError ERR_FINWAIT_PEER_COMMAND in a lab of one host
   */
  async unplug(side: Side): Promise<Gate> {
    checkSide(side);
    this.#requirePrivate('Pulling a cable');
    return await this.#gates.unplug(side);
  }

  /**
   * Delays every segment that no gate keeps; one delay at a time.
   * @throws FinwaitError ERR_FINWAIT_LAB_REFUSED where the kernel has no netem; TypeError while there is another delay
   */
  async delay(ms: number): Promise<Gate> {
    if (!Number.isInteger(ms) || ms < 1) throw new TypeError(`Not a delay in ms: ${ms}`);
    this.#requirePrivate('A delay');
    return await this.#gates.delay(ms);
  }

  /** `net.ipv4.tcp_fin_timeout` and the like, as this network has them. */
  async readSysctl(name: string): Promise<string> {
    return await this.#settings.read(name);
  }

  /**
   * Until the lab ends; what is not usual is in the evidence of every pair from now on.
   * @throws FinwaitError ERR_FINWAIT_SYSCTL; ERR_FINWAIT_NEEDS_PRIVATE_NETWORK on the host's loopback: the host's
   * settings are not ours
   */
  async writeSysctl(name: string, value: string | number): Promise<void> {
    this.#requirePrivate('Writing a sysctl');
    await this.#settings.write(name, value);
  }

  /**
   * Makes timers of this network shorter, and other settings of it what `sysctls` says, until they are put back. Every
   * ladder of this lab prints them above its times.
   * @throws as {@link Lab.writeSysctl}, and then has changed nothing; TypeError for an unknown option
   */
  async compress(time: TimeCompression, sysctls: Sysctls = {}): Promise<Compression> {
    const changes = { ...sysctlsOf(time), ...sysctls };
    if (Object.keys(changes).length > 0) this.#requirePrivate('Writing a sysctl');
    return await this.#settings.change(changes);
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

  #requirePrivate(what: string): void {
    if (this.network === 'private') return;
    throw new FinwaitError(
      'ERR_FINWAIT_NEEDS_PRIVATE_NETWORK',
      `${what} needs a private network, and this lab is on the host's loopback: ${this.refusal ?? 'it was asked for'}`,
      { hint: 'Run as root or allow unprivileged user namespaces; `finwait doctor` says how.' },
    );
  }
}
