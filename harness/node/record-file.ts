import fs from 'node:fs';
import { join, resolve } from 'node:path';
import { threadId } from 'node:worker_threads';
import { EVENT_LAYOUTS } from '../model/node-event-layout.ts';
import { monotonicNs, sinceOriginNs } from './clock.ts';
import type { DefinitionTable } from './definitions.ts';
import type { EventRecorder } from './event-sink.ts';
import { OwnFile } from './own-file.ts';
import { HEAD_BYTES, HeadOffset, MAGIC, type RecordHeader, RecordType } from './record-format.ts';
import { WritePace } from './write-pace.ts';

// Taken now: a program may put a stand-in in its place.
const { mkdirSync } = fs;

export interface RecordFileOptions {
  readonly directory: string;
  /** Octets; past nine tenths of them no new socket is recorded, past all of them nothing. */
  readonly limitBytes: number;
  /** What the values of the events name. */
  readonly definitions: DefinitionTable;
}

/** Room for events between two writes; each takes some 15 octets, a definition more. */
const BUFFER_BYTES = 65_536;
const LONGEST_EVENT_BYTES = 160;

/**
 * One thread's record on disk. Events wait in a small buffer, 7 ms at most while the event loop turns: so much a killed
 * process loses. Nothing is ever thrown: a disk that refuses ends the record, and what follows is counted as left out.
 */
export class RecordFile implements EventRecorder {
  readonly #file: OwnFile;
  readonly #limitBytes: number;
  readonly #definitions: DefinitionTable;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #used = 0;
  /** Up to here the buffer takes any event, and the file, too. */
  #plainUntil = 0;
  #lastEventNs: number;
  /** The bound is reached. */
  #full = false;
  /** The disk is full, or the descriptor no longer ours: nothing goes in any more. */
  #refused = false;
  /** The thread is ending: everything is written as it comes. */
  #ending = false;
  #firstLeftOutSocket = Number.POSITIVE_INFINITY;
  /** What the buffer holds. */
  #waitingSockets = 0;
  #waitingEvents = 0;
  readonly #counts = new Float64Array(3);
  #countsChanged = false;
  readonly #pace: WritePace;

  private constructor(file: OwnFile, { limitBytes, definitions }: RecordFileOptions) {
    this.#file = file;
    this.#limitBytes = limitBytes;
    this.#definitions = definitions;
    this.#lastEventNs = sinceOriginNs();
    this.#pace = new WritePace(() => {
      this.write();
    });
    this.#buffer.set(MAGIC);
    this.#used = HEAD_BYTES;
    this.#define(RecordType.header, undefined, JSON.stringify(headerAt(this.#lastEventNs)));
    this.write();
  }

  /** @returns undefined where no such file can be made: the observer has no one to complain to */
  static open(options: RecordFileOptions): RecordFile | undefined {
    let file: OwnFile | undefined;
    try {
      const folder = resolve(options.directory);
      mkdirSync(folder, { recursive: true });
      const start = monotonicNs(sinceOriginNs()).toString(36);
      file = new OwnFile(join(folder, `node-${process.pid}-${threadId}-${start}.fwr`));
      return new RecordFile(file, options);
    } catch {
      file?.close();
      return undefined;
    }
  }

  record(
    code: number,
    atNs: number,
    subject: number,
    values: readonly number[],
    count: number,
    namesNew: boolean,
  ): void {
    // The common case first: there is room, and all that the event names was defined before.
    const isPlain = this.#used < this.#plainUntil && !namesNew;
    if (isPlain || this.#makesRoom(code, subject, values)) {
      this.#event(code, atNs, subject, values, count);
      this.#waitingEvents++;
      if (BEGINS_SOCKET[code] === true) this.#waitingSockets++;
    } else {
      this.#leaveOut(BEGINS_SOCKET[code] === true ? 1 : 0, 1);
    }
    this.#writeOrWait(atNs);
  }

  missed(): void {
    this.#leaveOut(0, 1);
    this.#writeOrWait(sinceOriginNs());
  }

  /** Hands what waits to the kernel; from there it reaches the file though the process be killed. */
  write(): void {
    this.#pace.wrote();
    const isOurs = this.#file.isOurs();
    this.#refused ||= !isOurs || !this.#file.append(this.#buffer, this.#used);
    if (this.#refused && this.#waitingEvents > 0) this.#leaveOut(this.#waitingSockets, this.#waitingEvents);
    this.#used = 0;
    this.#waitingSockets = 0;
    this.#waitingEvents = 0;
    const untilLimit = this.#refused || this.#full ? 0 : this.#limitBytes * 0.9 - this.#file.bytes;
    this.#plainUntil = Math.min(BUFFER_BYTES, untilLimit) - LONGEST_EVENT_BYTES;
    if (!isOurs || !this.#countsChanged) return;
    const counts = new Uint8Array(this.#counts.buffer);
    this.#countsChanged = !this.#file.overwrite(counts, HeadOffset.leftOutSockets);
  }

  /** The thread ends of its own accord: from here on nothing waits. */
  end(): void {
    this.#ending = true;
    this.#counts[2] = 1;
    this.#countsChanged = true;
    this.write();
  }

  /** @returns whether an event may go in, of which then all that it names is defined */
  #makesRoom(code: number, subject: number, values: readonly number[]): boolean {
    const isAdmitted = this.#admits(code, subject) && this.#defineUsed(code, values);
    if (this.#used + LONGEST_EVENT_BYTES > BUFFER_BYTES) this.write();
    return isAdmitted && !this.#refused;
  }

  #admits(code: number, subject: number): boolean {
    const bytes = this.#file.bytes + this.#used;
    if (
      BEGINS_SOCKET[code] === true &&
      subject < this.#firstLeftOutSocket &&
      bytes > this.#limitBytes * 0.9
    ) {
      this.#firstLeftOutSocket = subject;
    }
    const tooLate = IS_OF_SOCKET[code] === true && subject >= this.#firstLeftOutSocket;
    return !tooLate && this.#hasRoom(LONGEST_EVENT_BYTES);
  }

  #hasRoom(bytes: number): boolean {
    this.#full ||= this.#file.bytes + this.#used + bytes > this.#limitBytes;
    if (this.#full) this.#plainUntil = 0;
    return !this.#full && !this.#refused;
  }

  #leaveOut(sockets: number, events: number): void {
    this.#counts[0] = (this.#counts[0] ?? 0) + sockets;
    this.#counts[1] = (this.#counts[1] ?? 0) + events;
    this.#countsChanged = true;
  }

  #writeOrWait(nowNs: number): void {
    if (this.#ending) this.write();
    else this.#pace.came(nowNs);
  }

  #event(code: number, atNs: number, subject: number, values: readonly number[], count: number): void {
    const delta = atNs - this.#lastEventNs;
    this.#lastEventNs = atNs;
    const buffer = this.#buffer;
    let at = putVarint(buffer, this.#used, RecordType.event + code);
    at = putVarint(buffer, at, delta >= 0 ? delta * 2 : -delta * 2 - 1);
    at = putVarint(buffer, at, subject);
    for (let index = 0; index < count; index++) {
      // Below −1 there is no octet for it, and what follows could not be read.
      const value = Math.max((values[index] ?? -1) + 1, 0);
      if (value < 128) buffer[at++] = value;
      else at = putVarint(buffer, at, value);
    }
    this.#used = at;
  }

  #varint(value: number): void {
    this.#used = putVarint(this.#buffer, this.#used, value);
  }

  /** @returns whether all that this event's values name is defined */
  #defineUsed(code: number, values: readonly number[]): boolean {
    for (const [at, type] of DEFINED_VALUES[code] ?? []) {
      const id = values[at] ?? -1;
      if (id < 0) continue;
      const isSite = type === RecordType.site;
      const value = isSite ? this.#definitions.takeSite(id) : this.#definitions.takeText(id);
      if (value === undefined) continue;
      if (!this.#define(type, id, typeof value === 'string' ? value : JSON.stringify(value))) return false;
    }
    return true;
  }

  /** A record that ends in text. */
  #define(type: number, id: number | undefined, text: string): boolean {
    const bytes = encoder.encode(text);
    if (!this.#hasRoom(bytes.length + LONGEST_EVENT_BYTES)) return false;
    if (this.#used + LONGEST_EVENT_BYTES > BUFFER_BYTES) this.write();
    this.#varint(type);
    if (id !== undefined) this.#varint(id);
    this.#varint(bytes.length);
    for (let from = 0; from < bytes.length; ) {
      if (this.#used === BUFFER_BYTES) this.write();
      const part = bytes.subarray(from, from + BUFFER_BYTES - this.#used);
      this.#buffer.set(part, this.#used);
      this.#used += part.length;
      from += part.length;
    }
    return true;
  }
}

const encoder = new TextEncoder();

/** @returns where the next octet goes */
function putVarint(buffer: Uint8Array, from: number, value: number): number {
  let at = from;
  let rest = value;
  // Beyond 31 bits there are no integers, but doubles.
  for (; rest > 0x7fffffff; rest = Math.floor(rest / 128)) buffer[at++] = (rest % 128) | 128;
  for (; rest >= 128; rest >>>= 7) buffer[at++] = (rest & 127) | 128;
  buffer[at++] = rest;
  return at;
}

const BEGINS_SOCKET = EVENT_LAYOUTS.map(
  ({ name }) => name === 'finwait:socket:create' || name === 'finwait:socket:accept',
);

const IS_OF_SOCKET = EVENT_LAYOUTS.map(({ subject }) => subject === 'socket');

/** By code: where among an event's values ids of definitions stand, and of which. */
const DEFINED_VALUES = EVENT_LAYOUTS.map(({ fields }) => {
  let at = 0;
  return fields.flatMap(([, kind]): (readonly [at: number, type: number])[] => {
    const here = at;
    at += kind === 'endpoint' ? 2 : 1;
    if (kind === 'number' || kind === 'flag') return [];
    return [[here, kind === 'site' ? RecordType.site : RecordType.text]];
  });
});

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
