import { Buffer } from 'node:buffer';
import fs from 'node:fs';
import { join, resolve } from 'node:path';
import { threadId } from 'node:worker_threads';
import { EVENT_LAYOUTS } from '../model/node-event-layout.ts';
import type { CallSite } from '../model/node-event.ts';
import { flushTimer } from '../timing.ts';
import { monotonicNs, sinceOriginNs } from './clock.ts';
import type { DefinitionListener } from './definitions.ts';
import { Code, type EventRecorder } from './event-sink.ts';
import { HEAD_BYTES, HeadOffset, MAGIC, type RecordHeader, RecordType } from './record-format.ts';

// Taken now: a program may put stand-ins in their place.
const { fstatSync, mkdirSync, openSync, writeSync } = fs;
const octetsOf = Buffer.from.bind(Buffer) as (text: string) => Buffer;

export interface RecordFileOptions {
  readonly directory: string;
  /** Octets; past nine tenths of them no new socket is recorded, past all of them nothing. */
  readonly limitBytes: number;
}

/** Room for events between two writes; each takes some 15 octets, a definition more. */
const BUFFER_BYTES = 65_536;
/** No event waits longer for its write while JS runs, save in a program that blocks its own event loop. */
const WRITE_EVERY_MS = 3;
const LONGEST_EVENT_BYTES = 160;

/**
 * One thread's record on disk. Events wait in a small buffer: the first after a quiet time is written at once, the
 * others together 3 ms later by a timer that keeps nothing alive; so a killed process loses 3 ms. Nothing is ever
 * thrown: a disk that refuses ends the record, and what follows is counted as left out.
 */
export class RecordFile implements EventRecorder, DefinitionListener {
  readonly #fd: number;
  readonly #identity: string;
  readonly #limitBytes: number;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #used = 0;
  #writtenBytes = 0;
  #lastEventNs: number;
  #lastWriteNs = Number.NEGATIVE_INFINITY;
  #scheduled = false;
  #broken = false;
  /** The thread is ending: everything is written as it comes. */
  #ending = false;
  #firstLeftOutSocket = Number.POSITIVE_INFINITY;
  readonly #counts = new Float64Array(3);
  #countsChanged = false;
  readonly #schedule: () => void;

  private constructor(fd: number, limitBytes: number) {
    this.#fd = fd;
    this.#limitBytes = limitBytes;
    this.#identity = identityOf(fd);
    this.#lastEventNs = sinceOriginNs();
    this.#schedule = flushTimer(() => {
      this.#scheduled = false;
      this.write();
    }, WRITE_EVERY_MS);
    this.#buffer.set(MAGIC);
    this.#used = HEAD_BYTES;
    this.#string(RecordType.header, undefined, JSON.stringify(headerAt(this.#lastEventNs)));
    this.write();
  }

  /** @returns undefined where no such file can be made: the observer has no one to complain to */
  static open({ directory, limitBytes }: RecordFileOptions): RecordFile | undefined {
    try {
      const folder = resolve(directory);
      mkdirSync(folder, { recursive: true });
      const start = monotonicNs(sinceOriginNs()).toString(36);
      return new RecordFile(
        openSync(join(folder, `node-${process.pid}-${threadId}-${start}.fwr`), 'wx'),
        limitBytes,
      );
    } catch {
      return undefined;
    }
  }

  record(code: number, atNs: number, subject: number, values: readonly number[], count: number): void {
    if (!this.#admits(code, subject)) return;
    if (this.#used + LONGEST_EVENT_BYTES > BUFFER_BYTES) this.write();
    const delta = atNs - this.#lastEventNs;
    this.#lastEventNs = atNs;
    this.#varint(RecordType.event + code);
    this.#varint(delta >= 0 ? delta * 2 : -delta * 2 - 1);
    this.#varint(subject);
    for (let index = 0; index < count; index++) this.#varint((values[index] ?? -1) + 1);
    this.#writeOrWait(atNs);
  }

  missed(): void {
    this.#leaveOut(false);
  }

  defineText(id: number, text: string): void {
    this.#string(RecordType.text, id, text);
  }

  defineSite(id: number, site: CallSite): void {
    this.#string(RecordType.site, id, JSON.stringify(site));
  }

  /** Hands what waits to the kernel; from there it reaches the file though the process be killed. */
  write(): void {
    this.#lastWriteNs = sinceOriginNs();
    if (this.#broken || !this.#isOurs()) return;
    try {
      let from = 0;
      while (from < this.#used) {
        from += writeSync(this.#fd, this.#buffer, from, this.#used - from, this.#writtenBytes + from);
      }
      this.#writtenBytes += this.#used;
      this.#used = 0;
      if (this.#countsChanged) this.#writeCounts();
    } catch {
      this.#broken = true;
    }
  }

  /** The thread ends of its own accord: from here on nothing waits. */
  end(): void {
    this.#ending = true;
    this.#counts[2] = 1;
    this.#countsChanged = true;
    this.write();
  }

  #admits(code: number, subject: number): boolean {
    const bytes = this.#writtenBytes + this.#used;
    const isCreate = code === Code['finwait:socket:create'] || code === Code['finwait:socket:accept'];
    if (isCreate && subject < this.#firstLeftOutSocket && bytes > this.#limitBytes * 0.9) {
      this.#firstLeftOutSocket = subject;
    }
    const tooLate = IS_OF_SOCKET[code] === true && subject >= this.#firstLeftOutSocket;
    if (!tooLate && !this.#broken && bytes <= this.#limitBytes) return true;
    this.#leaveOut(isCreate);
    return false;
  }

  #leaveOut(isSocket: boolean): void {
    this.#counts[0] = (this.#counts[0] ?? 0) + (isSocket ? 1 : 0);
    this.#counts[1] = (this.#counts[1] ?? 0) + 1;
    this.#countsChanged = true;
    this.#writeOrWait(sinceOriginNs());
  }

  #writeOrWait(nowNs: number): void {
    if (this.#ending || nowNs - this.#lastWriteNs > WRITE_EVERY_MS * 1e6) {
      this.write();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      this.#schedule();
    }
  }

  #writeCounts(): void {
    writeSync(this.#fd, new Uint8Array(this.#counts.buffer), 0, 24, HeadOffset.leftOutSockets);
    this.#countsChanged = false;
  }

  /** A program may close descriptors that it did not open, and the number then be another file's. */
  #isOurs(): boolean {
    try {
      if (identityOf(this.#fd) === this.#identity) return true;
    } catch {
      // Closed.
    }
    this.#broken = true;
    return false;
  }

  #varint(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.#buffer[this.#used++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#used++] = rest;
  }

  /** A record that ends in text. */
  #string(type: number, id: number | undefined, text: string): void {
    // Past the bound no event is recorded that could need it.
    if (this.#writtenBytes + this.#used > this.#limitBytes) return;
    const bytes = octetsOf(text);
    if (this.#used + bytes.length + 32 > BUFFER_BYTES) this.write();
    this.#varint(type);
    if (id !== undefined) this.#varint(id);
    this.#varint(bytes.length);
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
  }
}

const IS_OF_SOCKET = EVENT_LAYOUTS.map(({ subject }) => subject === 'socket');

function identityOf(fd: number): string {
  const { dev, ino } = fstatSync(fd);
  return `${dev}:${ino}`;
}

function headerAt(atNs: number): RecordHeader {
  return {
    pid: process.pid,
    parentPid: process.ppid,
    threadId,
    nodeVersion: process.version,
    execPath: process.execPath,
    argv: process.argv.slice(1, 25).map((argument) => argument.slice(0, 1000)),
    cwd: process.cwd(),
    startedAtNs: monotonicNs(atNs).toString(),
    startedEpochNs: (BigInt(Date.now()) * 1_000_000n).toString(),
    layouts: EVENT_LAYOUTS,
  };
}
