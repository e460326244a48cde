import { FinwaitError, isFinwaitError } from '../harness/errors.ts';
import type { Damage } from '../harness/model/evidence.ts';
import type { ClockReading } from '../harness/model/observation.ts';
import type { Packet } from '../harness/model/packet.ts';
import { turn, type WaitOptions, withDeadline } from '../harness/timing.ts';
import { formatCaptureDamage } from '../harness/wire/capture-damage.ts';
import { CaptureReader } from '../harness/wire/capture-reader.ts';
import { decodePacket } from '../harness/wire/decode-packet.ts';
import { Decoding, Outcome } from '../harness/wire/decoding.ts';
import { FragmentTable } from '../harness/wire/fragment-table.ts';
import { capturedAtNs, segmentOf } from '../harness/wire/segment-of.ts';
import type { CaptureSettings } from './capture-options.ts';
import { type CaptureStats, parseCaptureStats, parseFinalStats } from './capture-stats.ts';
import type { DamageLog } from './damage-log.ts';
import type { FenceMarkers } from './fence-markers.ts';
import { PacketCounts } from './packet-counts.ts';
import { type CapturedPacket, PacketFeed } from './packet-feed.ts';
import type { PacketStream } from './packet-queue.ts';
import type { PcapFile } from './pcap-file.ts';
import type { Capture } from './tcpdump.ts';
import { diedFailure, startFailure, type TcpdumpEnd } from './tcpdump-errors.ts';
import type { TcpdumpProcess } from './tcpdump-process.ts';
import { Undecodable } from './undecodable.ts';

/** How long stop() waits for what was sent before it, while nothing comes. */
const LAST_FENCE_MS = 1000;
/** And while packets come: so many times as long. */
const LAST_FENCES = 20;

interface Parts {
  readonly tcpdump: TcpdumpProcess;
  readonly markers: FenceMarkers;
  readonly damageLog: DamageLog;
  readonly file: PcapFile | undefined;
  /** Whether markers come by: what a machine sends to itself crosses its loopback, whatever the address. */
  readonly isFenced: boolean;
}

/** A tcpdump that runs, read as it writes. */
export class TcpdumpCapture implements Capture {
  readonly #tcpdump: TcpdumpProcess;
  readonly #markers: FenceMarkers;
  readonly #damageLog: DamageLog;
  readonly #file: PcapFile | undefined;
  readonly #isFenced: boolean;
  readonly #reader: CaptureReader = new CaptureReader(
    (bytes, start, capturedBytes, originalBytes, linkType, packet) => {
      this.#noticeHeader();
      const outcome = decodePacket(
        linkType,
        bytes,
        start,
        capturedBytes,
        originalBytes,
        packet,
        this.#decoding,
      );
      this.#take(bytes, start, originalBytes, packet, outcome);
    },
  );
  readonly #decoding = new Decoding({ fragments: new FragmentTable() });
  readonly #counts: PacketCounts;
  readonly #undecodable: Undecodable;
  readonly #feed = new PacketFeed();
  /** Resolved, with nothing, once the stream's header has come. */
  readonly #headerRead: Promise<void>;
  readonly #finished: Promise<void>;
  #onHeader: () => void = () => undefined;
  #headerNoticed = false;
  #unreadable: FinwaitError | undefined;
  #frames = 0;
  /** Of tcpdump's output, so far. */
  #chunks = 0;
  #stopping = false;
  #stopped: Promise<CaptureStats> | undefined;
  #ended: FinwaitError | undefined;

  constructor({ tcpdump, markers, damageLog, file, isFenced }: Parts) {
    this.#tcpdump = tcpdump;
    this.#markers = markers;
    this.#damageLog = damageLog;
    this.#file = file;
    this.#isFenced = isFenced;
    this.#undecodable = new Undecodable(damageLog);
    this.#counts = new PacketCounts(() => {
      tcpdump.signal('USR1');
    });
    this.#headerRead = new Promise((resolve) => {
      this.#onHeader = resolve;
    });
    tcpdump.stdout.on('data', (chunk: Uint8Array) => {
      this.#read(chunk);
    });
    tcpdump.onLine((line) => {
      const counts = parseCaptureStats(line);
      if (counts !== undefined) this.#noteCounts(counts);
    });
    this.#finished = tcpdump.ended.then(async (end) => {
      await this.#finish(end);
    });
  }

  /** Fulfilled when tcpdump listens; else everything is taken down again. */
  async listening(settings: CaptureSettings, wait: WaitOptions): Promise<void> {
    const announced = new Promise<void>((resolve) => {
      this.#tcpdump.onLine((line) => {
        if (line.includes('listening on')) resolve();
      });
    });
    try {
      // First of all: withDeadline() would leave what it does not get to await unhandled.
      wait.signal?.throwIfAborted();
      const failed = this.#tcpdump.ended.then((end) => {
        throw this.#unreadable ?? startFailure(end, settings);
      });
      await withDeadline(
        Promise.race([Promise.all([announced, this.#headerRead]), failed]),
        { what: `tcpdump listening on ${settings.interface}`, lastSeen: () => this.#tcpdump.stderr.trim() },
        wait,
      );
    } catch (error) {
      this.#stopping = true;
      this.#tcpdump.kill();
      await this.#finished;
      throw error;
    }
  }

  get linkType(): number {
    return this.#reader.interfaces[0]?.linkType ?? 0;
  }

  get damage(): readonly Damage[] {
    return this.#damageLog.damage;
  }

  onDamage(listener: (damage: Damage) => void): () => void {
    return this.#damageLog.onDamage(listener);
  }

  onPacket(listener: (packet: CapturedPacket) => void): () => void {
    return this.#feed.onPacket(listener);
  }

  packets(): PacketStream<CapturedPacket> {
    return this.#feed.packets();
  }

  async fence(options: WaitOptions = {}): Promise<ClockReading> {
    return await this.#markers.raise(options);
  }

  async stats(options: WaitOptions = {}): Promise<CaptureStats> {
    return await this.#counts.ask(options);
  }

  stop(): Promise<CaptureStats> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #stop(): Promise<CaptureStats> {
    await this.#lastFence();
    this.#stopping = this.#ended === undefined;
    this.#tcpdump.release();
    try {
      await withDeadline(this.#finished, { what: "tcpdump's end" });
    } catch {
      this.#damageLog.report(
        'capture-ended',
        'tcpdump did not end when told to and was killed; its last packets and counts are missing',
      );
      this.#tcpdump.kill();
      await this.#finished;
    }
    return this.#counts.latest;
  }

  /** What the kernel's buffer holds when tcpdump is told to end is lost, and not counted: it is to be read before. */
  async #lastFence(): Promise<void> {
    let chunks = -1;
    for (let fences = 0; fences < LAST_FENCES && chunks !== this.#chunks; fences++) {
      if (this.#ended !== undefined) return;
      chunks = this.#chunks;
      const isMet = await this.fence({ timeoutMs: LAST_FENCE_MS }).then(
        () => true,
        () => false,
      );
      if (isMet) return;
      // A timer may come before what lies in the pipe, where this process had no time for either.
      await turn();
      if (this.#isFenced) continue;
      // No fence tells, and others' packets may come for ever: those of the whole time are sign enough.
      if (chunks === this.#chunks) return;
      break;
    }
    if (this.#ended === undefined)
      this.#damageLog.report('capture-ended', 'the last packets before stop() may be missing');
  }

  #noteCounts(counts: CaptureStats): void {
    if (counts.dropped > 0) {
      this.#damageLog.report(
        'kernel-drops',
        `${counts.dropped} packets dropped by the kernel before tcpdump read them`,
      );
    }
    this.#counts.note(counts);
  }

  #read(chunk: Uint8Array): void {
    this.#chunks++;
    try {
      this.#reader.push(chunk);
      this.#noticeHeader();
      const [damage] = this.#reader.damage;
      if (damage !== undefined) {
        throw new FinwaitError('ERR_FINWAIT_FORMAT', `tcpdump's packets: ${formatCaptureDamage(damage)}`);
      }
    } catch (error) {
      if (!isFinwaitError(error)) throw error;
      this.#unreadable ??= error;
      this.#tcpdump.kill();
    }
  }

  #noticeHeader(): void {
    const [described] = this.#reader.interfaces;
    if (this.#headerNoticed || described === undefined) return;
    this.#headerNoticed = true;
    this.#file?.writeHeader(described);
    this.#onHeader();
  }

  #take(bytes: Uint8Array, start: number, originalBytes: number, packet: Packet, outcome: Outcome): void {
    const { issue, headerBytes, udpPayloadStart, udpPayloadEnd } = this.#decoding;
    const atNs = capturedAtNs(packet);
    if (udpPayloadStart !== -1 && this.#markers.meet(bytes.subarray(udpPayloadStart, udpPayloadEnd), atNs)) {
      return;
    }
    this.#frames += 1;
    const headers = bytes.slice(start, start + headerBytes);
    const captured: CapturedPacket = {
      frame: this.#frames,
      capturedAtNs: atNs,
      originalBytes,
      headers,
      ...(outcome === Outcome.TCP ? { segment: segmentOf(packet, this.#frames) } : {}),
      ...(issue === undefined ? {} : { issue }),
    };
    if (outcome === Outcome.STOPPED) this.#undecodable.notice(issue);
    this.#file?.writeFrame(atNs, originalBytes, headers);
    this.#feed.show(captured);
  }

  async #finish(end: TcpdumpEnd): Promise<void> {
    const counts = parseFinalStats(end.stderr);
    const died = this.#unreadable ?? diedFailure(end, 'before it was told to');
    const stopped = new FinwaitError('ERR_FINWAIT_CAPTURE_DIED', 'The capture was stopped');
    this.#ended = this.#stopping ? stopped : died;
    if (!this.#stopping) this.#damageLog.report('capture-ended', died.message);
    if (counts !== undefined) this.#noteCounts(counts);
    this.#counts.end(this.#stopping ? undefined : died);
    this.#markers.fail(this.#ended);
    this.#markers.close();
    this.#feed.end(this.#stopping ? undefined : died);
    await this.#file?.close();
  }
}
