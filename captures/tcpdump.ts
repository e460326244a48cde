import type { Damage } from '../harness/model/evidence.ts';
import type { ClockReading } from '../harness/model/observation.ts';
import type { WaitOptions } from '../harness/timing.ts';
import { type CaptureOptions, captureSettings } from './capture-options.ts';
import type { CaptureStats } from './capture-stats.ts';
import type { CapturedPacket } from './packet-feed.ts';
import type { PacketStream } from './packet-queue.ts';
import { openTcpdumpCapture } from './open-tcpdump.ts';

/** A running tcpdump. */
export interface Capture extends AsyncDisposable {
  /** Link type of `headers`, numbered as in a pcap file: 1 for Ethernet and `lo`. */
  readonly linkType: number;
  /**
   * Calls back for each packet in capture order, from now on; fence markers are not shown.
   * @returns what ends the subscription.
   */
  onPacket(listener: (packet: CapturedPacket) => void): () => void;
  /**
   * The packets from now on, for one `for await`; 65,536 are kept for a slow reader. Ends when the capture is
   * stopped, and throws ERR_FINWAIT_CAPTURE_DIED when tcpdump ends by itself.
   */
  packets(): PacketStream<CapturedPacket>;
  /**
   * Fulfilled when every packet sent before the call has been shown to the listeners, or is counted as dropped in
   * `stats()`. Fences may overlap.
   * @throws FinwaitError ERR_FINWAIT_TIMEOUT; ERR_FINWAIT_CAPTURE_DIED when the capture has ended.
   */
  fence(options?: WaitOptions): Promise<ClockReading>;
  /**
   * The counts now, without stopping; drops by the kernel also become Damage. Once stopped, the last counts.
   * @throws as `fence()`.
   */
  stats(options?: WaitOptions): Promise<CaptureStats>;
  /** What is known to be missing, one entry a kind. */
  readonly damage: readonly Damage[];
  /** Calls back for each new kind of damage, and when its detail changes. */
  onDamage(listener: (damage: Damage) => void): () => void;
  /**
   * Ends tcpdump once all that was sent before is read: 1 s is given to it, and up to 20 s while packets still come;
   * `damage` says if that was not enough. On an interface other than `lo` and `any`, which no fence crosses, 1 s is
   * waited, and `damage` says if packets came in it. Idempotent; never rejects.
   * When tcpdump ended by itself the counts are those last known, and `damage` says so.
   */
  stop(): Promise<CaptureStats>;
}

/**
 * Starts tcpdump; resolves when it listens, which takes about 50 ms. `signal` and `timeoutMs` bound that wait.
 * No process is left behind when this one ends, however it ends.
 * @throws TypeError naming an unknown or wrong option.
 * @throws FinwaitError ERR_FINWAIT_TOOL_MISSING, ERR_FINWAIT_CAPTURE_PERMISSION, ERR_FINWAIT_CAPTURE_INTERFACE,
 * ERR_FINWAIT_CAPTURE_FILTER, ERR_FINWAIT_CAPTURE_DIED or ERR_FINWAIT_TIMEOUT; the system's error when `file`
 * cannot be opened.
 */
export async function startCapture(options: CaptureOptions = {}): Promise<Capture> {
  const { signal, timeoutMs } = options;
  return await openTcpdumpCapture(captureSettings(options), {
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}
