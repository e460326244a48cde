import { openSync, closeSync, writeSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
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
import { capturedAtNs } from '../wire/segment-of.ts';
import type { NodeLane } from './node-lane.ts';
import { type CaptureRecord, RunFile, type RunRecord, writeRunRecord } from './run-record.ts';

/**
 * Leaves in a run's capture what is the run's own: connections that a process of it had a socket of, or that came to a
 * port where one listened; and of each packet its headers. Only then the packets of others and all payload are gone.
 * @returns the record as it is now
 */
export async function keepOwnPackets(
  directory: string,
  record: RunRecord,
  node: NodeLane,
): Promise<RunRecord> {
  const { capture } = record;
  if (capture === undefined || capture.ownOnly) return record;
  const raw = join(directory, capture.file);
  const clock = await clockOf(raw, capture);
  const { addresses } = record;
  const lives = { ...node, ...(addresses && { addresses }) };
  const kept = clock === undefined ? () => true : await ownFrames(raw, lives, clock);
  const path = join(directory, RunFile.capture);
  await copyHeaders(raw, `${path}.new`, kept);
  await rename(`${path}.new`, path);
  const { captured, dropped } = capture;
  const next: RunRecord = {
    ...record,
    capture: {
      file: RunFile.capture,
      ownOnly: true,
      token: '',
      marks: [],
      ...(clock && { clock: { offsetNs: String(clock.offsetNs), errorNs: String(clock.errorNs) } }),
      ...(captured !== undefined && { captured }),
      ...(dropped !== undefined && { dropped }),
    },
  };
  await writeRunRecord(directory, next);
  await rm(raw);
  return next;
}

/** The two clocks, by the marks in the capture. Undefined when it holds none. */
async function clockOf(path: string, { token, marks }: CaptureRecord): Promise<ClockMap | undefined> {
  const bytes = Buffer.from(token, 'hex');
  const readings: ClockReading[] = [];
  await analyzeCapture(await openCaptureSource(path), {
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
  return alignClocks(readings);
}

/** Whether the frame of that ordinal is the run's own. */
async function ownFrames(
  path: string,
  lives: RecordedLives,
  clock: ClockMap,
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
      if (index.take(row) !== undefined) own.add(row.id);
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
