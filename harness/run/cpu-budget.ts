import type { SocketSampler } from '../kernel/sampler.ts';

/**
 * Keeps what we take of the processor within a share of one core. By processor time, not by the clock: on a busy
 * machine a sample waits long and costs no more.
 */
export class CpuBudget {
  readonly #share: number;
  readonly #sampler: Pick<SocketSampler, 'cpuTimeMs'>;
  readonly #startedAtMs = performance.now();
  readonly #startedCpuMs: number;

  constructor(share: number, sampler: Pick<SocketSampler, 'cpuTimeMs'>) {
    this.#share = share;
    this.#sampler = sampler;
    this.#startedCpuMs = this.#cpuMs();
  }

  /** How long to rest until what was used since the start is within the share again; 0 when it is. */
  pauseMs(): number {
    const usedMs = this.#cpuMs() - this.#startedCpuMs;
    return Math.max(0, this.#startedAtMs + usedMs / this.#share - performance.now());
  }

  /** Ours and that of the processes of `ss`. */
  #cpuMs(): number {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1000 + this.#sampler.cpuTimeMs();
  }
}
