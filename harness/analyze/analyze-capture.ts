import { Engine } from '../correlate/engine.ts';
import type { ConnectionRecord } from '../correlate/connection-record.ts';
import { FinwaitError } from '../errors.ts';
import type { ConnectionRow } from '../model/connection-row.ts';
import type { Segment } from '../model/segment.ts';
import { rejectUnknownOptions } from '../options.ts';
import type { CaptureDamage } from '../wire/capture-damage.ts';
import { CaptureReader } from '../wire/capture-reader.ts';
import { decodePacket } from '../wire/decode-packet.ts';
import { Decoding, Outcome } from '../wire/decoding.ts';
import { FragmentTable } from '../wire/fragment-table.ts';
import { segmentOf } from '../wire/segment-of.ts';
import type { CaptureSource } from './capture-source.ts';
import { rowOf } from './row-of.ts';

export interface AnalyzeOptions {
  /** Called for each connection as it is finished, in order of their ends. */
  readonly onRow?: (row: ConnectionRow) => void;
  /** Collect the segments of the connection with this number. */
  readonly follow?: number;
  /** Leave packets with a wrong TCP checksum out, as their receiver did. @default false: offloading makes many */
  readonly checksums?: boolean;
  /** Connections that may be open at once. @default 1_000_000 */
  readonly maxOpen?: number;
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
  /** What is wrong with the capture itself. */
  readonly damage: readonly CaptureDamage[];
  /** Of the followed connection. */
  readonly segments: readonly Segment[];
}

/**
 * Reads a capture to its end through the engine. Memory does not grow with the length of the capture.
 * @throws FinwaitError ERR_FINWAIT_FORMAT when it is no capture, naming the offset; damage further in is told, not thrown
 */
export async function analyzeCapture(source: CaptureSource, options: AnalyzeOptions = {}): Promise<CaptureAnalysis> {
  rejectUnknownOptions(options, ['onRow', 'follow', 'checksums', 'maxOpen', 'onProgress', 'signal']);
  const analysis = new Analysis(options);
  const reader = new CaptureReader((bytes, start, captured, original, linkType, packet) => {
    analysis.see(bytes, start, captured, original, linkType, packet);
  });
  try {
    for await (const chunk of source.chunks) {
      options.signal?.throwIfAborted();
      reader.push(chunk);
      options.onProgress?.();
      if (!reader.readable) break;
    }
    return analysis.end(reader.end(), reader.packet.frame);
  } catch (error) {
    if (error instanceof FinwaitError && error.code === 'ERR_FINWAIT_FORMAT' && !error.message.includes(source.name)) {
      const { message, hint } = error;
      throw new FinwaitError('ERR_FINWAIT_FORMAT', `${source.name}: ${message}`, { cause: error, ...(hint && { hint }) });
    }
    throw error;
  }
}
