import { ROOM_BYTES } from '../correlate/connections.ts';
import { Engine } from '../correlate/engine.ts';
import { FinwaitError } from '../errors.ts';
import type { AnalysisTotals } from '../model/analysis-totals.ts';
import type { Side } from '../model/connection.ts';
import type { ConnectionRow, RowEnding } from '../model/connection-row.ts';
import type { FrameTaker } from '../model/frame-taker.ts';
import type { Packet } from '../model/packet.ts';
import type { Segment } from '../model/segment.ts';
import { rejectUnknownOptions } from '../options.ts';
import type { CaptureDamage } from '../wire/capture-damage.ts';
import { CaptureReader } from '../wire/capture-reader.ts';
import type { FrameVisitor } from '../wire/capture-records.ts';
import { formatDecodeIssue } from '../wire/decode-issue.ts';
import { decodePacket } from '../wire/decode-packet.ts';
import { Decoding, Outcome } from '../wire/decoding.ts';
import { FragmentTable } from '../wire/fragment-table.ts';
import { segmentOf } from '../wire/segment-of.ts';
import type { CaptureSource } from './capture-source.ts';
import type { ZeekLogRow } from '../model/zeek-log-row.ts';
import { Totals } from './totals.ts';
import { rowOf } from './row-of.ts';
import { RowView } from './row-view.ts';
import { zeekRowOf } from './zeek-row-of.ts';

export interface AnalyzeOptions {
  /** Called for each connection as it is finished, in order of their ends. */
  readonly onRow?: (row: ConnectionRow, zeekRow: ZeekLogRow | undefined) => void;
  /**
   * Rows need be right only until `onRow` returns: what it does not read of them is not worked out.
   * @default false: rows are plain data, to be kept
   */
  readonly passingRows?: boolean;
  /** Give each row in Zeek's words, too; the text names the run in their uids. */
  readonly zeekRun?: string;
  /** Reckon the Community ID of each row. @default false */
  readonly communityIds?: boolean;
  /** Collect the segments of the connection with this number. */
  readonly follow?: number;
  /** Called with each TCP packet and the number of its connection; the packet is used again afterwards. */
  readonly onPacket?: (packet: Packet, connection: number) => void;
  /** Called with the payload of each UDP datagram as far as it was captured, valid until the call returns. */
  readonly onDatagram?: (payload: Uint8Array, packet: Packet) => void;
  /** Leave packets with a wrong TCP checksum out, as their receiver did. @default false: offloading makes many */
  readonly checksums?: boolean;
  /** Connections that may be open at once, 4,000,000 at most. @default 1_000_000 */
  readonly maxOpen?: number;
  /** Take the segments that are expected next the short way. The results are the same without. @default true */
  readonly predict?: boolean;
  /** Called after each chunk. */
  readonly onProgress?: () => void;
  readonly signal?: AbortSignal;
}

/** What a capture held, apart from its connections. */
export interface CaptureAnalysis {
  readonly frames: number;
  readonly tcpPackets: number;
  /** Fragments of which the rest never came. */
  readonly fragments: number;
  /** Frames that could not be decoded as far as TCP, and the first of them. */
  readonly undecodable: number;
  readonly firstUndecodable: string | undefined;
  /** Packets with a wrong TCP checksum. */
  readonly wrongChecksums: number;
  readonly connections: number;
  /** Connections that were finished early to keep memory bounded. */
  readonly evicted: number;
  /** Connections by how they ended. */
  readonly endings: Readonly<Record<RowEnding, number>>;
  /** Of the closed ones, who closed first; of the reset ones, who reset. */
  readonly closedBy: Readonly<Record<Side, number>>;
  readonly resetBy: Readonly<Record<Side, number>>;
  readonly totals: AnalysisTotals;
  /** What is wrong with the capture itself. */
  readonly damage: readonly CaptureDamage[];
  /** Of the followed connection. */
  readonly segments: readonly Segment[];
}

/**
 * Reads a capture to its end through the engine. Memory does not grow with the length of the capture.
 * @throws FinwaitError ERR_FINWAIT_FORMAT when it is no capture, naming the offset; damage further in is told, not thrown.
 * ERR_FINWAIT_MEMORY where there is none left, or too little to begin with
 */
export async function analyzeCapture(
  source: CaptureSource,
  options: AnalyzeOptions = {},
): Promise<CaptureAnalysis> {
  rejectUnknownOptions(options, [
    'onRow',
    'passingRows',
    'zeekRun',
    'communityIds',
    'follow',
    'onPacket',
    'onDatagram',
    'checksums',
    'maxOpen',
    'predict',
    'onProgress',
    'signal',
  ]);
  const { onProgress, signal } = options;
  const analysis = new Analysis(options);
  const reader = new CaptureReader(analysis.see, analysis.taker);
  for await (const chunk of source.chunks) {
    signal?.throwIfAborted();
    analysis.read(source, () => {
      for (let at = 0; at < chunk.length; at += ROOM_BYTES) {
        const part = chunk.subarray(at, at + ROOM_BYTES);
        analysis.begin(part);
        reader.push(part);
      }
    });
    onProgress?.();
    if (!reader.readable) break;
  }
  const damage = analysis.read(source, () => reader.end());
  const cut = source.damage();
  return analysis.end(cut === undefined ? damage : [...damage, cut], reader.packet.frame);
}

/** One capture's way through decoder and engine. */
class Analysis {
  readonly #engine: Engine;
  readonly #decoding: Decoding;
  readonly #follow: number | undefined;
  readonly #segments: Segment[] = [];
  readonly #onPacket: AnalyzeOptions['onPacket'];
  readonly #onDatagram: AnalyzeOptions['onDatagram'];
  readonly #totals = new Totals();
  readonly #takesFrames: boolean;
  #view: RowView | undefined;
  #fragments = 0;
  #undecodable = 0;
  #firstUndecodable: string | undefined;
  #wrongChecksums = 0;

  constructor(options: AnalyzeOptions) {
    const { onRow, passingRows, zeekRun, communityIds = false, follow, checksums = false } = options;
    const { maxOpen, predict } = options;
    this.#follow = follow;
    this.#onPacket = options.onPacket;
    this.#onDatagram = options.onDatagram;
    const wantsPackets = follow !== undefined || options.onPacket !== undefined || checksums;
    this.#takesFrames = !wantsPackets && predict !== false;
    this.#decoding = new Decoding({ checksums, fragments: new FragmentTable() });
    this.#engine = new Engine({
      ...(maxOpen !== undefined && { maxOpen }),
      ...(predict !== undefined && { predict }),
      onFinished: (record, engine) => {
        this.#totals.add(record);
        if (onRow === undefined) return;
        const zeekRow = zeekRun === undefined ? undefined : zeekRowOf(record, engine, zeekRun);
        const view = (this.#view ??= new RowView(record, engine, communityIds)).show(record);
        onRow(passingRows === true ? view : rowOf(view), zeekRow);
      },
    });
  }

  /** What goes wrong then is told with the name of what is read. */
  read<T>({ name }: CaptureSource, read: () => T): T {
    try {
      return read();
    } catch (error) {
      const known = error instanceof FinwaitError ? error : this.#engine.memoryRefused(error);
      if (known === undefined) throw error;
      const { code, message, hint } = known;
      throw new FinwaitError(code, `${name}: ${message}`, { cause: error, ...(hint && { hint }) });
    }
  }

  /** What comes next: its frames may be taken as they lie. */
  begin(chunk: Uint8Array): void {
    if (this.#takesFrames) this.#engine.bring(chunk);
  }

  /** Undefined when somebody asks for more of a packet than what it does to its connection. */
  get taker(): FrameTaker | undefined {
    return this.#takesFrames ? this.#engine : undefined;
  }

  readonly see: FrameVisitor = (bytes, start, captured, original, linkType, packet) => {
    const outcome = decodePacket(linkType, bytes, start, captured, original, packet, this.#decoding);
    if (outcome === Outcome.TCP) this.#seeTcp(packet);
    else if (outcome === Outcome.FRAGMENT) this.#fragments++;
    else if (outcome === Outcome.STOPPED) this.#noteUndecodable(packet.frame);
    const { udpPayloadStart, udpPayloadEnd } = this.#decoding;
    if (this.#onDatagram !== undefined && udpPayloadStart !== -1)
      this.#onDatagram(bytes.subarray(udpPayloadStart, udpPayloadEnd), packet);
  };

  end(damage: readonly CaptureDamage[], frames: number): CaptureAnalysis {
    const engine = this.#engine;
    const totals = this.#totals;
    engine.end();
    return {
      frames,
      tcpPackets: engine.packets,
      fragments: this.#fragments,
      undecodable: this.#undecodable,
      firstUndecodable: this.#firstUndecodable,
      wrongChecksums: this.#wrongChecksums,
      connections: engine.connections,
      evicted: engine.evicted,
      endings: totals.endings,
      closedBy: totals.closedBy,
      resetBy: totals.resetBy,
      totals: totals.result(engine.baseSeconds),
      damage,
      segments: this.#segments,
    };
  }

  #seeTcp(packet: Packet): void {
    if (packet.checksum === 0) this.#wrongChecksums++;
    const id = this.#engine.see(packet);
    // Its receiver dropped one with a wrong checksum.
    if (id === this.#follow && packet.checksum !== 0) this.#segments.push(segmentOf(packet));
    this.#onPacket?.(packet, id);
  }

  #noteUndecodable(frame: number): void {
    this.#undecodable++;
    const { issue } = this.#decoding;
    if (this.#firstUndecodable === undefined && issue !== undefined) {
      this.#firstUndecodable = `frame ${frame}: ${formatDecodeIssue(issue)}`;
    }
  }
}
