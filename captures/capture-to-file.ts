import { type FileHandle, open } from 'node:fs/promises';
import { isFinwaitError } from '../harness/errors.ts';
import type { Damage } from '../harness/model/evidence.ts';
import { pace, type WaitOptions, withDeadline } from '../harness/timing.ts';
import { type CaptureStats, parseFinalStats } from './capture-stats.ts';
import { ClockMarks, type SentMark } from './clock-marks.ts';
import { DamageLog } from './damage-log.ts';
import { addressedInterfaces, type Interfaces } from './interfaces.ts';
import { diedFailure, startFailure, type TcpdumpEnd } from './tcpdump-errors.ts';
import { spawnTcpdumpInto, tcpdumpFlags, type TcpdumpProcess } from './tcpdump-process.ts';

export interface CaptureToFileOptions extends WaitOptions {
  /** Where the packets go, as tcpdump writes them: a pcap file with the first octets of each packet. */
  readonly file: string;
  /** In pcap-filter(7) language. @default 'tcp' */
  readonly filter?: string;
  /** The capture ends, and says so, when its file is longer than this. */
  readonly limitBytes: number;
}

/** A tcpdump that writes to a file by itself: no packet passes through this process. */
export interface CaptureToFile {
  /** What the marks are known by in the file. */
  readonly token: Uint8Array;
  /** Those sent so far, in order of their numbers. */
  readonly marks: readonly SentMark[];
  /** Reckons the capture's clock against ours, to be met in the file; also looks after the file's length. */
  mark(): Promise<void>;
  /** Ends tcpdump once everything sent before is in the file. Idempotent; never rejects. */
  stop(): Promise<CaptureToFileResult>;
}

export interface CaptureToFileResult {
  readonly stats: CaptureStats | undefined;
  readonly damage: readonly Damage[];
}

/** Headers behind the longest link header, that of "any". */
const SNAP_LENGTH = 144;
/** 5,000 connections a second are 60 MB of kernel frames a second: room for half a second of a busy machine. */
const BUFFER_KIB = 32 * 1024;
const FIRST_MARKS = 8;
const LAST_MARK_MS = 2000;
const LOOK_MS = 5;
/** What one more look reads of the file's end. */
const TAIL_BYTES = 64 * 1024;

/**
 * Captures on every interface of this network that has an address, the loopback included. Without such a choice a
 * packet of a container would be seen twice, on its veth and on the bridge.
 * @throws FinwaitError ERR_FINWAIT_TOOL_MISSING, ERR_FINWAIT_CAPTURE_PERMISSION, … as `startCapture()`
 */
export async function startCaptureToFile(options: CaptureToFileOptions): Promise<CaptureToFile> {
  const { filter = 'tcp' } = options;
  const interfaces = addressedInterfaces();
  const indices = [...interfaces.values()];
  if (indices.length === 0 || indices.includes(undefined)) return await start(options, filter, undefined);
  const here = indices.map((each) => `ifindex ${each ?? ''}`).join(' or ');
  try {
    return await start(options, `(${here}) and (${filter})`, interfaces);
  } catch (error) {
    // libpcap before 1.10 does not know the word.
    if (!isFinwaitError(error) || error.code !== 'ERR_FINWAIT_CAPTURE_FILTER') throw error;
    return await start(options, filter, undefined);
  }
}

/** @param interfaces those that the filter is for; undefined for every one */
async function start(
  options: CaptureToFileOptions,
  filter: string,
  interfaces: Interfaces | undefined,
): Promise<CaptureToFile> {
  const marks = await ClockMarks.open();
  // Of the person alone: until the run's end it holds packets of other programs, too.
  const file = await open(options.file, 'w+', 0o600);
  const settings = { interface: 'any', snapLength: SNAP_LENGTH, bufferKiB: BUFFER_KIB };
  const tcpdump = spawnTcpdumpInto(file.fd, [...tcpdumpFlags(settings), `(${marks.filter}) or (${filter})`]);
  try {
    const listening = new Promise<void>((resolve) => {
      tcpdump.onLine((line) => {
        if (line.includes('listening on')) resolve();
      });
    });
    const failed = tcpdump.ended.then((end) => {
      throw startFailure(end, { interface: 'any', filter });
    });
    const awaited = { what: 'tcpdump listening', lastSeen: () => tcpdump.stderr.trim() };
    await withDeadline(Promise.race([listening, failed]), awaited, options);
    failed.catch(() => undefined);
  } catch (error) {
    tcpdump.kill();
    await tcpdump.ended;
    marks.close();
    await file.close();
    throw error;
  }
  return new RunningCapture({ tcpdump, file, marks, interfaces, limitBytes: options.limitBytes });
}

interface Parts {
  readonly tcpdump: Omit<TcpdumpProcess, 'stdout'>;
  readonly file: FileHandle;
  readonly marks: ClockMarks;
  readonly interfaces: Interfaces | undefined;
  readonly limitBytes: number;
}

class RunningCapture implements CaptureToFile {
  readonly #tcpdump: Omit<TcpdumpProcess, 'stdout'>;
  readonly #file: FileHandle;
  readonly #marks: ClockMarks;
  readonly #interfaces: Parts['interfaces'];
  readonly #limitBytes: number;
  readonly #damageLog = new DamageLog();
  readonly #missed = new Set<string>();
  readonly #startedAtNs = process.hrtime.bigint();
  #ending = false;
  #stopped: Promise<CaptureToFileResult> | undefined;

  constructor({ tcpdump, file, marks, interfaces, limitBytes }: Parts) {
    this.#tcpdump = tcpdump;
    this.#file = file;
    this.#marks = marks;
    this.#interfaces = interfaces;
    this.#limitBytes = limitBytes;
    void tcpdump.ended.then((end) => {
      if (this.#ending) return;
      this.#ending = true;
      const afterMs = Number((process.hrtime.bigint() - this.#startedAtNs) / 1_000_000n);
      const when = `${(afterMs / 1000).toFixed(1)} s after it began, before it was told to`;
      this.#damageLog.report('capture-ended', diedFailure(end, when).message);
    });
    // One of several is not interrupted between its two looks at the clock, and bounds the error best.
    for (let count = 0; count < FIRST_MARKS; count++) this.#marks.send();
  }

  get token(): Uint8Array {
    return this.#marks.token;
  }

  get marks(): readonly SentMark[] {
    return this.#marks.sent;
  }

  async mark(): Promise<void> {
    if (this.#ending) return;
    this.#marks.send();
    this.#lookForInterfaces();
    const { size } = await this.#file.stat();
    if (size > this.#limitBytes) this.#endAtLimit();
  }

  stop(): Promise<CaptureToFileResult> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  /** A VPN or a container's network may come up while the capture runs. */
  #lookForInterfaces(): void {
    if (this.#interfaces === undefined) return;
    for (const [name, index] of addressedInterfaces()) {
      // One that went and came again is another.
      const isCaptured = this.#interfaces.has(name) && this.#interfaces.get(name) === index;
      if (!isCaptured) this.#missed.add(name);
    }
    if (this.#missed.size === 0) return;
    const names = [...this.#missed].join(', ');
    this.#damageLog.report(
      'interface-missed',
      `not captured, as it came up after the capture began: ${names}`,
    );
  }

  #endAtLimit(): void {
    if (this.#ending) return;
    this.#ending = true;
    const limit = `${Math.round(this.#limitBytes / 1e6)} MB`;
    this.#damageLog.report(
      'capture-ended',
      `the capture reached its limit of ${limit}; what came later is not in it`,
    );
    this.#tcpdump.release();
  }

  async #stop(): Promise<CaptureToFileResult> {
    // What the kernel's buffer holds when tcpdump is told to end is lost, and not counted.
    if (!this.#ending) {
      this.#lookForInterfaces();
      await this.#lastMark();
    }
    this.#ending = true;
    this.#tcpdump.release();
    const end = await this.#end();
    const stats = end && parseFinalStats(end.stderr);
    if (stats !== undefined && stats.dropped > 0) {
      const count = `${stats.dropped} packets`;
      this.#damageLog.report('kernel-drops', `${count} dropped by the kernel before tcpdump read them`);
    }
    this.#marks.close();
    await this.#file.close();
    return { stats, damage: this.#damageLog.damage };
  }

  async #end(): Promise<TcpdumpEnd | undefined> {
    try {
      return await withDeadline(this.#tcpdump.ended, { what: "tcpdump's end" });
    } catch {
      this.#damageLog.report('capture-ended', 'tcpdump did not end when told to and was killed');
      this.#tcpdump.kill();
      return undefined;
    }
  }

  /** Sends a mark and waits until the file's end holds it: everything sent before is then there, too. */
  async #lastMark(): Promise<void> {
    const mark = this.#marks.send();
    const deadline = process.hrtime.bigint() + BigInt(LAST_MARK_MS) * 1_000_000n;
    const tail = Buffer.alloc(TAIL_BYTES);
    let from = Math.max(0, (await this.#file.stat()).size - TAIL_BYTES / 2);
    for (;;) {
      // Also whoever gets the processor back only now looks once more.
      const isLast = process.hrtime.bigint() >= deadline;
      if (this.#ending) return;
      const { bytesRead } = await this.#file.read(tail, 0, TAIL_BYTES, from);
      if (tail.subarray(0, bytesRead).includes(mark)) return;
      if (isLast) break;
      // A mark may lie across the end of what was read.
      if (bytesRead === TAIL_BYTES) from += TAIL_BYTES - mark.length;
      else await pace(LOOK_MS);
    }
    this.#damageLog.report('capture-ended', 'the last packets of the run may be missing from the capture');
  }
}
