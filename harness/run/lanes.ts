import { join } from 'node:path';
import type { CaptureStats } from '../../captures/capture-stats.ts';
import { type CaptureToFile, startCaptureToFile } from '../../captures/capture-to-file.ts';
import { isFinwaitError } from '../errors.ts';
import { openSampler, type SocketSampler } from '../kernel/sampler.ts';
import type { Damage } from '../model/evidence.ts';
import { pace } from '../timing.ts';
import { CpuBudget } from './cpu-budget.ts';
import { KernelTrace } from './kernel-trace.ts';
import { type CaptureRecord, RunFile, type RunRecord } from './run-record.ts';
import { SocketLog } from './socket-log.ts';

/** `ss` and reading what it says take no more of one core, from the second sample on. */
const SAMPLING_SHARE = 0.02;
const LEAST_PACE_MS = 50;
const MARK_MS = 1000;

export interface LaneOptions {
  /** In pcap-filter(7) language; `tcp` for everything. */
  readonly filter: string;
  readonly limitBytes: number;
}

/** What each sample needs. */
interface Looks {
  readonly sampler: SocketSampler;
  readonly log: SocketLog;
}

/** The wire and the kernel lane of a run; each missing one leaves a word, and the run goes on. */
export class Lanes {
  readonly #damage: Damage[] = [];
  readonly #hints: string[] = [];
  readonly #over = new AbortController();
  #capture: CaptureToFile | undefined;
  #sampler: SocketSampler | undefined;
  #socketLog: SocketLog | undefined;
  #trace: KernelTrace | undefined;
  #sampling: Promise<void> | undefined;
  #marking: Promise<void> | undefined;

  /** Starts what this machine grants; once it resolves, what the program sends is seen, and what was there before known. */
  static async start(directory: string, options: LaneOptions): Promise<Lanes> {
    const lanes = new Lanes();
    await Promise.all([
      lanes.#startCapture(directory, options),
      lanes.#startSampling(directory),
      lanes.#startTrace(directory),
    ]);
    return lanes;
  }

  /** What is known at the start; all that there will be of it if we are killed. */
  get started(): Pick<RunRecord, 'capture' | 'damage' | 'hints'> {
    return {
      ...(this.#capture && { capture: captureRecord(this.#capture, undefined) }),
      damage: this.#damage,
      hints: this.#hints,
    };
  }

  /** The program is over: takes the last of both lanes and ends them. */
  async stop(): Promise<Pick<RunRecord, 'capture' | 'sockets' | 'damage' | 'hints'>> {
    this.#over.abort();
    await this.#sampling;
    await this.#marking;
    const captured = await this.#capture?.stop();
    const [traceDamage = []] = await Promise.all([
      this.#trace?.stop(),
      this.#sampler?.stop(),
      this.#socketLog?.close(),
    ]);
    this.#damage.push(...traceDamage);
    const log = this.#socketLog;
    if (log?.trouble !== undefined)
      this.#damage.push({ lane: 'kernel', kind: 'file-incomplete', detail: log.trouble });
    const sockets = log && {
      samples: log.samples,
      largestGapMs: Math.round(log.largestGapMs),
      share: SAMPLING_SHARE,
    };
    return {
      ...(this.#capture && { capture: captureRecord(this.#capture, captured?.stats) }),
      ...(sockets && { sockets }),
      damage: [...this.#damage, ...(captured?.damage ?? [])],
      hints: this.#hints,
    };
  }

  async #startCapture(directory: string, { filter, limitBytes }: LaneOptions): Promise<void> {
    const file = join(directory, RunFile.rawCapture);
    try {
      this.#capture = await startCaptureToFile({ file, filter, limitBytes });
    } catch (error) {
      this.#miss('wire', error);
      return;
    }
    this.#marking = this.#mark(this.#capture);
  }

  /** What few machines grant is not missing, and `finwait doctor` says how to have it. */
  async #startTrace(directory: string): Promise<void> {
    this.#trace = await KernelTrace.start(directory);
  }

  async #mark(capture: CaptureToFile): Promise<void> {
    while (!this.#over.signal.aborted) {
      await pace(MARK_MS, this.#over.signal).catch(() => undefined);
      await capture.mark();
    }
  }

  async #startSampling(directory: string): Promise<void> {
    try {
      this.#sampler = await openSampler();
    } catch (error) {
      this.#miss('kernel', error);
      return;
    }
    const log = new SocketLog(join(directory, RunFile.sockets));
    this.#socketLog = log;
    const looks = { sampler: this.#sampler, log };
    // What is in TIME-WAIT now can be none of the run's, and is known to be so only if the program waits for this look.
    if (await this.#look(looks)) this.#sampling = this.#lookOn(looks);
  }

  async #lookOn(looks: Looks): Promise<void> {
    const { signal } = this.#over;
    const budget = new CpuBudget(SAMPLING_SHARE, looks.sampler);
    for (;;) {
      await pace(Math.max(LEAST_PACE_MS, budget.pauseMs()), signal).catch(() => undefined);
      // One more is taken after the program's end, so that the last states are seen.
      const last = signal.aborted;
      if (!(await budget.spend(async () => this.#look(looks))) || last) return;
    }
  }

  /** @returns false when there is no use in another */
  async #look({ sampler, log }: Looks): Promise<boolean> {
    try {
      return log.add(await sampler.sample());
    } catch (error) {
      const detail = (error as Error).message;
      this.#damage.push({ lane: 'kernel', kind: 'sampling-failed', detail });
      return false;
    }
  }

  #miss(lane: 'wire' | 'kernel', error: unknown): void {
    if (!isFinwaitError(error)) throw error;
    this.#damage.push({ lane, kind: 'lane-missing', detail: error.message });
    if (error.code === 'ERR_FINWAIT_CAPTURE_PERMISSION') this.#hints.push(...CAPTURE_HINTS);
    else if (error.hint !== undefined) this.#hints.push(error.hint);
  }
}

const CAPTURE_HINTS = [
  'To see packets: finwait run --private -- … (a network of its own, no rights needed), or',
  'sudo setcap cap_net_raw+ep "$(readlink -f "$(command -v tcpdump)")", or docker run --cap-add NET_RAW.',
];

function captureRecord({ marks, token }: CaptureToFile, stats: CaptureStats | undefined): CaptureRecord {
  return {
    file: RunFile.rawCapture,
    ownOnly: false,
    token: Buffer.from(token).toString('hex'),
    marks: marks.map(({ sentAfterNs, sentBeforeNs }) => [String(sentAfterNs), String(sentBeforeNs)]),
    ...(stats && { captured: stats.captured, dropped: stats.dropped }),
  };
}
