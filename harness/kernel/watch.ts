import type { StateTransition } from '../model/observation.ts';
import { pace } from '../timing.ts';
import type { SampledSnapshot, SocketFilter, SocketSampler } from './sampler.ts';
import { compareSnapshots } from './transitions.ts';

export interface WatchOptions {
  readonly sampler: SocketSampler;
  /** @default every TCP socket of the network namespace */
  readonly filter?: SocketFilter;
  /** Least time from the end of one sample to the start of the next. @default 5 */
  readonly paceMs?: number;
  /** Ends the watch, without an error. */
  readonly signal?: AbortSignal;
}

const DEFAULT_PACE_MS = 5;

/**
 * `ss` runs for at most this share of the time: when samples grow slower (many sockets, a busy machine), the pauses
 * grow with them.
 */
const MAX_SHARE = 0.4;

/**
 * Snapshots, one after another, until the signal; one more is taken after it, so the last states are seen.
 * @throws FinwaitError ERR_FINWAIT_SOCKET_SAMPLING.
 */
export async function* watchSnapshots(options: WatchOptions): AsyncGenerator<SampledSnapshot, void, void> {
  const { sampler, filter, paceMs = DEFAULT_PACE_MS, signal } = options;
  for (;;) {
    const last = signal?.aborted === true;
    const taken = await sampler.sample(filter);
    yield taken;
    if (last) return;
    await pause(pauseMs(taken, paceMs), signal);
  }
}

/**
 * State changes seen between snapshots. Sockets that the first snapshot shows are the baseline: they are not
 * reported until they change.
 * @throws FinwaitError ERR_FINWAIT_SOCKET_SAMPLING.
 */
export async function* watchSockets(options: WatchOptions): AsyncGenerator<StateTransition, void, void> {
  let previous: SampledSnapshot | undefined;
  for await (const next of watchSnapshots(options)) {
    if (previous !== undefined) yield* compareSnapshots(previous, next);
    previous = next;
  }
}

type SampleTimes = Pick<SampledSnapshot, 'startedAtNs' | 'endedAtNs'>;

/** How long to leave the machine alone after a sample, so that `ss` keeps to its share. */
export function pauseMs({ startedAtNs, endedAtNs }: SampleTimes, paceMs: number): number {
  const sampleMs = Number(endedAtNs - startedAtNs) / 1e6;
  return Math.max(paceMs, sampleMs * (1 / MAX_SHARE - 1));
}

/** Ends early when the signal fires. */
async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await pace(ms, signal);
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  }
}
