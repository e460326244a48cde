import { openSync, closeSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { markNumber } from '../../captures/clock-marks.ts';
import { encodePcapHeader, encodePcapRecord } from '../../captures/pcap-file.ts';
import { analyzeCapture } from '../analyze/analyze-capture.ts';
import { openCaptureSource } from '../analyze/capture-source.ts';
import { alignClocks, type ClockMap } from '../correlate/clocks.ts';
import { LifeIndex, type RecordedLives } from '../correlate/life-index.ts';
import type { ClockReading } from '../model/observation.ts';
import { CaptureReader } from '../wire/capture-reader.ts';
import { decodePacket } from '../wire/decode-packet.ts';
import { Decoding } from '../wire/decoding.ts';
import type { CaptureDamage } from '../wire/capture-damage.ts';
import { capturedAtNs } from '../wire/segment-of.ts';
import type { OwnPairs } from './own-sockets.ts';
import { type CaptureRecord, replaceFile, RunFile } from './run-record.ts';

/**
 * Leaves in a run's capture what is the run's own: connections that a process of it had a socket of, or that came to a
 * port where one listened; and of each packet its headers. Their ends are added to `own`.
 * @returns what the record then says of it; the file that it names until now is no longer needed
 */
export async function keepOwnPackets(
  directory: string,
  capture: CaptureRecord,
  lives: RecordedLives,
  clock: ClockMap,
  own: OwnPairs,
): Promise<CaptureRecord> {
  const from = join(directory, capture.file);
  const isOwn = await ownFrames(from, lives, clock, own);
  if (capture.ownOnly) return capture;
  await replaceFile(join(directory, RunFile.capture), async (made) => {
    await copyHeaders(from, made, isOwn);
  });
  return { ...capture, file: RunFile.capture, ownOnly: true, token: '', marks: [] };
}

/** What a capture as tcpdump wrote it says of itself. */
export interface RawCapture {
  /** The two clocks, by its marks; undefined when it holds none. */
  readonly clock: ClockMap | undefined;
  readonly damage: readonly CaptureDamage[];
}

export async function readRawCapture(
  directory: string,
  { file, token, marks }: CaptureRecord,
): Promise<RawCapture> {
  const bytes = Buffer.from(token, 'hex');
  const readings: ClockReading[] = [];
  const { damage } = await analyzeCapture(await openCaptureSource(join(directory, file)), {
    onDatagram: (payload, packet) => {
      const mark = marks[markNumber(bytes, payload) ?? -1];
      if (mark === undefined) return;
      const [after, before] = mark;
      readings.push({
        sentAfterNs: BigInt(after),
        sentBeforeNs: BigInt(before),
        capturedAtNs: capturedAtNs(packet),
      });
    },
  });
  return { clock: alignClocks(readings), damage };
}

/** What is wrong with a capture as a file, without looking into its packets. */
export async function findDamage(path: string): Promise<readonly CaptureDamage[]> {
  const reader = new CaptureReader(() => undefined);
  for await (const chunk of (await openCaptureSource(path)).chunks) reader.push(chunk);
  return reader.end();
}

/** Whether the frame of that ordinal is the run's own. */
async function ownFrames(
  path: string,
  lives: RecordedLives,
  clock: ClockMap,
  pairs: OwnPairs,
): Promise<(frame: number) => boolean> {
  const index = new LifeIndex(lives, clock);
  const own = new Set<number>();
  let connections = new Uint32Array(1 << 16);
  await analyzeCapture(await openCaptureSource(path), {
    onPacket: ({ frame }, connection) => {
      if (frame >= connections.length) {
        const longer = new Uint32Array(connections.length * 2);
        longer.set(connections);
        connections = longer;
      }
      connections[frame] = connection;
    },
    onRow: (row) => {
      if (index.take(row) === undefined) return;
      own.add(row.id);
      pairs.add(row.client, row.server);
    },
  });
  return (frame) => own.has(connections[frame] ?? 0);
}

async function copyHeaders(from: string, to: string, isKept: (frame: number) => boolean): Promise<void> {
  const file = new BufferedFile(to);
  const decoding = new Decoding();
  const reader = new CaptureReader((bytes, start, captured, original, linkType, packet) => {
    if (!isKept(packet.frame)) return;
    const { seconds, nanoseconds } = packet;
    decodePacket(linkType, bytes, start, captured, original, packet, decoding);
    const headers = bytes.subarray(start, start + decoding.headerBytes);
    file.write(encodePcapRecord(seconds, nanoseconds, original, headers));
  });
  try {
    const source = await openCaptureSource(from);
    for await (const chunk of source.chunks) {
      reader.push(chunk);
      file.begin(reader);
    }
    reader.end();
  } finally {
    file.close();
  }
}

const WRITE_BYTES = 1 << 20;

/** A pcap file that is written a megabyte at a time, under its header. */
class BufferedFile {
  readonly #fd: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #begun = false;

  constructor(path: string) {
    this.#fd = openSync(path, 'w', 0o600);
  }

  /** Writes the header, as soon as it is known. */
  begin({ interfaces: [described] }: CaptureReader): void {
    if (this.#begun || described === undefined) return;
    this.#begun = true;
    writeSync(this.#fd, encodePcapHeader(described));
    this.#flush();
  }

  write(record: Buffer): void {
    this.#waiting.push(record);
    this.#waitingBytes += record.length;
    if (this.#begun && this.#waitingBytes > WRITE_BYTES) this.#flush();
  }

  close(): void {
    this.#flush();
    closeSync(this.#fd);
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#waiting);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}
