import type { SocketSampler } from '../kernel/sampler.ts';

/**
 * Keeps what sampling takes of the processor within a share of one core. By processor time, not by the clock: on a busy
 * machine a sample waits long and costs no more.
 */
export class CpuBudget {
  readonly #share: number;
  readonly #sampler: Pick<SocketSampler, 'cpuTimeMs'>;
  readonly #startedAtMs = performance.now();
  readonly #startedSamplerMs: number;
  #ownMs = 0;

  constructor(share: number, sampler: Pick<SocketSampler, 'cpuTimeMs'>) {
    this.#share = share;
    this.#sampler = sampler;
    this.#startedSamplerMs = sampler.cpuTimeMs();
  }

  /** Charges what this process uses until the work is done, what it does besides included. */
  async spend<T>(work: () => Promise<T>): Promise<T> {
    const before = process.cpuUsage();
    try {
      return await work();
    } finally {
      const { user, system } = process.cpuUsage(before);
      this.#ownMs += (user + system) / 1000;
    }
  }

  /** How long to rest until what was spent since the start, `ss` itself included, is within the share; 0 when it is. */
  pauseMs(): number {
    const usedMs = this.#ownMs + this.#sampler.cpuTimeMs() - this.#startedSamplerMs;
    return Math.max(0, this.#startedAtMs + usedMs / this.#share - performance.now());
  }
}
