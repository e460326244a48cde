import type { SocketSnapshot } from '../model/observation.ts';
import { SsProcess } from './ss-process.ts';
import type { SsIssue } from './ss-parser.ts';

/** Sockets with one of these as local or peer port. Ports 0–65535. */
export type SocketFilter =
  | { readonly ports: readonly number[] }
  /** Both ends included. */
  | { readonly portRange: readonly [first: number, last: number] };

export interface SampleOptions {
  /** Also list which processes hold each socket; costs about as much again. @default false */
  readonly processes?: boolean;
}

/** A snapshot, and what of `ss`'s output could not be read: when `issues` is not empty, sockets are missing. */
export interface SampledSnapshot extends SocketSnapshot {
  readonly issues: readonly SsIssue[];
}

export interface SocketSampler extends AsyncDisposable {
  /**
   * Lists the TCP sockets of this network namespace, all states. Requests are answered in order.
   * @throws TypeError for a filter that names no port, or no such port.
   * @throws FinwaitError ERR_FINWAIT_SOCKET_SAMPLING with what `ss` said, or when it has ended.
   */
  sample(filter?: SocketFilter, options?: SampleOptions): Promise<SampledSnapshot>;
  /** Processor time that `ss` and its shells have used so far, ms; the kernel counts it in ticks of 10. */
  cpuTimeMs(): number;
  /** Idempotent; requests still waiting are rejected. */
  stop(): Promise<void>;
}

/**
 * Starts the process that samples sockets; resolves when it is ready.
 * @param enter a command that runs what follows it in another network namespace: `nsenter --net=…`
 * @throws FinwaitError ERR_FINWAIT_TOOL_MISSING when there is no `ss`.
 */
export async function openSampler(enter: readonly string[] = []): Promise<SocketSampler> {
  const sampler = new Sampler(enter);
  await sampler.ready;
  return sampler;
}

/** One co-process for plain samples, and another, once it is wanted, for those that name the processes. */
class Sampler implements SocketSampler {
  readonly #plain: SsProcess;
  readonly #enter: readonly string[];
  #withProcesses: SsProcess | undefined;

  constructor(enter: readonly string[]) {
    this.#enter = enter;
    this.#plain = new SsProcess('-Htanoe', enter);
  }

  get ready(): Promise<unknown> {
    return this.#plain.ready;
  }

  async sample(filter?: SocketFilter, { processes = false }: SampleOptions = {}): Promise<SampledSnapshot> {
    const text = filterText(filter);
    if (!processes) return await this.#plain.sample(text);
    this.#withProcesses ??= new SsProcess('-Htanoep', this.#enter);
    return await this.#withProcesses.sample(text);
  }

  cpuTimeMs(): number {
    return this.#plain.cpuTimeMs() + (this.#withProcesses?.cpuTimeMs() ?? 0);
  }

  async stop(): Promise<void> {
    await Promise.all([this.#plain.stop(), this.#withProcesses?.stop()]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/**
 * One sample, without keeping a process.
 * @throws TypeError for a filter that names no port, or no such port.
 * @throws FinwaitError ERR_FINWAIT_TOOL_MISSING, ERR_FINWAIT_SOCKET_SAMPLING.
 */
export async function snapshot(filter?: SocketFilter, options?: SampleOptions): Promise<SampledSnapshot> {
  await using sampler = await openSampler();
  return await sampler.sample(filter, options);
}

/** A filter in the words of `ss`. Only numbers are put in, so nothing from outside reaches it. */
function filterText(filter: SocketFilter | undefined): string {
  if (filter === undefined) return '';
  if ('ports' in filter) {
    if (filter.ports.length === 0) throw new TypeError('A socket filter names at least one port');
    const terms = filter.ports.map(checkPort).map((port) => `sport = :${port} or dport = :${port}`);
    return `( ${terms.join(' or ')} )`;
  }
  const [first, last] = filter.portRange.map(checkPort);
  const within = (end: string): string => `( ${end} >= :${String(first)} and ${end} <= :${String(last)} )`;
  return `( ${within('sport')} or ${within('dport')} )`;
}

function checkPort(port: number): number {
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return port;
  throw new TypeError(`${String(port)} is not a TCP port`);
}
