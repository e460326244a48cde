import { FinwaitError, isFinwaitError } from '../errors.ts';
import type { SocketFilter } from '../kernel/sampler.ts';
import { type Side } from '../model/connection.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { Damage } from '../model/evidence.ts';
import type { SocketSnapshot } from '../model/observation.ts';
import type { RunEvidence } from '../model/run-evidence.ts';
import { rejectUnknownOptions } from '../options.ts';
import type { SocketCommand } from '../peer/protocol.ts';
import { pace, withDeadline, type WaitOptions } from '../timing.ts';
import { checkCondition, checkSide } from './check-condition.ts';
import { canStillCome, type Condition, isOver, unmetPart, unmetState } from './condition.ts';
import type { Gate } from './gate.ts';
import type { LabServer } from './lab-server.ts';
import { type FaultName, type PairFault, PairFaults, type PairHold, type PairLoss } from './pair-faults.ts';
import type { FaultRule } from './protocol.ts';
import type { Recording } from './recording.ts';

const WAIT_OPTIONS = ['signal', 'timeoutMs'];

/** What a pair needs of its lab. */
export interface PairHost {
  /** A server connects only where it is a second client. */
  connect(side: Side): Promise<void>;
  tell(side: Side, command: SocketCommand, options?: WaitOptions): Promise<void>;
  sample(filter: SocketFilter, options: WaitOptions): Promise<SocketSnapshot>;
  /** Everything sent before the call is in the recording once it resolves. */
  fence(options: WaitOptions): Promise<void>;
  checkCapture(options: WaitOptions): Promise<void>;
  /** Every report made before the call is in the recording once it resolves. */
  checkPeers(options: WaitOptions): Promise<void>;
  fault(rule: FaultRule): Promise<Gate>;
  /** Of the client's end: where it is known, or told to bind. */
  readonly clientPort: number | undefined;
  /** Ends that side's process by a signal. */
  kill(side: Side, signal: NodeJS.Signals): Promise<void>;
  /** Stops that side's process where it stands, or lets it run on. */
  freeze(side: Side, frozen: boolean): Promise<void>;
  /** From now on the first connection to the server that begins is this pair's. */
  follow(): void;
  /** `ss -K` on that side's socket. */
  killSocket(side: Side): Promise<void>;
  /** The server program, where one of the lab's listens. */
  readonly listening: LabServer | undefined;
  evidence(): RunEvidence;
  stop(): Promise<void>;
}

/**
 * A socket in a peer process that does what it is told. Each method resolves when the call has returned *there*;
 * what came of it is awaited with {@link Pair.until}.
 */
export interface DrivenSocket {
  write(data: string | Uint8Array): Promise<void>;
  /** Half-closes, after `data` if given. */
  end(data?: string | Uint8Array): Promise<void>;
  destroy(): Promise<void>;
  resetAndDestroy(): Promise<void>;
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Takes up to `bytes` from a paused socket. */
  read(bytes: number): Promise<void>;
  /** Any of the above as data. */
  tell(command: SocketCommand, options?: WaitOptions): Promise<void>;
}

/**
 * One server and one client, paired over one connection, watched in all three lanes.
 */
export class Pair implements AsyncDisposable {
  readonly client: DrivenSocket & { connect(): Promise<void> };
  /** The accepted socket; commands wait until it is there. It connects only where the server dials. */
  readonly server: DrivenSocket & { connect(): Promise<void> };
  readonly #host: PairHost;
  readonly #recording: Recording;
  readonly #faults: PairFaults;

  /** @internal Made by `lab.pair()`. */
  constructor(host: PairHost, recording: Recording) {
    this.#host = host;
    this.#recording = recording;
    this.#faults = new PairFaults({
      server: recording.server,
      get clientPort() {
        return host.clientPort;
      },
      fault: (rule) => host.fault(rule),
    });
    const end = (side: Side): Pair['client'] => ({
      ...drive((command, options) => host.tell(side, command, options)),
      connect: () => host.connect(side),
    });
    this.client = end('client');
    this.server = end('server');
  }

  /** Where the server listens. */
  get endpoint(): Endpoint {
    return this.#recording.server;
  }

  /**
   * Resolves when all of `condition` has been observed.
   * @throws FinwaitError ERR_FINWAIT_TIMEOUT naming the part that did not come and the last thing seen; at once
   * when the connection is over and it cannot come any more. ERR_FINWAIT_CAPTURE_DIED, ERR_FINWAIT_SOCKET_SAMPLING
   * or ERR_FINWAIT_PROCESS_ENDED when what observes is gone. TypeError for an unknown part of a condition.
   */
  async until(condition: Condition, options: WaitOptions = {}): Promise<void> {
    checkCondition(condition);
    rejectUnknownOptions(options, WAIT_OPTIONS);
    let missing = 'the condition';
    const note = (what: string): void => {
      missing = what;
    };
    const stopped = new AbortController();
    try {
      await withDeadline(
        this.#observe(condition, note, stopped.signal),
        {
          get what() {
            return missing;
          },
          lastSeen: () => this.#recording.lastSeen(),
        },
        options,
      );
    } finally {
      stopped.abort();
    }
  }

  /**
   * One `ss` snapshot of this pair's sockets, kept as evidence.
   * @throws FinwaitError ERR_FINWAIT_SOCKET_SAMPLING or ERR_FINWAIT_TIMEOUT, kept as damage to the evidence, too
   */
  async sample(options: WaitOptions = {}): Promise<SocketSnapshot> {
    rejectUnknownOptions(options, WAIT_OPTIONS);
    const asked = this.#host.sample({ ports: [this.endpoint.port] }, options);
    const snapshot = await this.#orDamage('kernel', 'sampling-failed', asked);
    this.#recording.addSnapshot(snapshot);
    return snapshot;
  }

  /** Keeps segments that this side sends from being received, until released or the pair is stopped. */
  async hold(filter: PairHold): Promise<Gate> {
    return await this.#faults.hold(filter);
  }

  /** Something befalls segments that this side sends, until released or the pair is stopped. */
  async fault(fault: PairFault): Promise<Gate> {
    return await this.#faults.fault(fault);
  }

  /** Loses every segment both ways, until released or the pair is stopped. */
  async blackhole(options: FaultName = {}): Promise<Gate> {
    return await this.#faults.blackhole(options);
  }

  /** Loses about `rate` of the segments, until released or the pair is stopped: the same ones for the same seed. */
  async lose(loss: PairLoss): Promise<Gate> {
    return await this.#faults.lose(loss);
  }

  /**
   * Releases this pair's faults of that name, or all of them.
   * @throws TypeError when there is none of that name
   */
  async release(name?: string): Promise<void> {
    await this.#faults.release(name);
  }

  /** Ends that side's process by a signal; the kernel closes its sockets. It must be a process of its own. */
  async kill(side: Side, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    checkSide(side);
    await this.#host.kill(side, signal);
  }

  /**
   * Stops that side's process where it stands (SIGSTOP), until {@link thaw} or the pair is stopped: a program that
   * computes, or hangs in a debugger, while its kernel goes on. It must be a process of its own.
   */
  async freeze(side: Side): Promise<void> {
    checkSide(side);
    await this.#host.freeze(side, true);
  }

  async thaw(side: Side): Promise<void> {
    checkSide(side);
    await this.#host.freeze(side, false);
  }

  /**
   * Watches in place of connecting: the next connection to this server that somebody else begins is this pair's. Its
   * client's program is not this pair's, and so its JS lane is empty.
   */
  follow(): void {
    this.#host.follow();
  }

  /** `ss -K`: the kernel aborts that side's socket, and takes away a TIME-WAIT. */
  async killSocket(side: Side): Promise<void> {
    checkSide(side);
    await this.#host.killSocket(side);
  }

  /** The server program; undefined where none of the lab's listens. */
  get listening(): LabServer | undefined {
    return this.#host.listening;
  }

  /** The client's end; undefined while it is not known. */
  get clientEndpoint(): Endpoint | undefined {
    return this.#recording.client;
  }

  /**
   * All that was seen up to now, made complete by a fence and a snapshot behind the last segment. Where a lane no
   * longer answers, or not within `timeoutMs`, the evidence says so as damage.
   * @throws FinwaitError ERR_FINWAIT_PROCESS_ENDED when the lab is gone
   */
  async evidence(options: WaitOptions = {}): Promise<RunEvidence> {
    rejectUnknownOptions(options, WAIT_OPTIONS);
    await Promise.all([
      this.#orDamage('wire', 'capture-ended', this.#host.fence(options)).catch(unlessGone),
      this.#orDamage('wire', 'capture-ended', this.#host.checkCapture(options)).catch(unlessGone),
      this.#orDamage('node', 'reports-lost', this.#host.checkPeers(options)).catch(unlessGone),
    ]);
    if (!endsWithSnapshot(this.#host.evidence())) await this.sample(options).catch(unlessGone);
    return this.#host.evidence();
  }

  /** Destroys both sockets, closes the listener and ends the recording. Idempotent. */
  async stop(): Promise<void> {
    await this.#host.stop();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #observe(condition: Condition, note: (what: string) => void, stopped: AbortSignal): Promise<void> {
    await this.#observeParts(condition, note, stopped);
    if (condition.states !== undefined) await this.#observeStates(condition.states, note, stopped);
  }

  async #observeParts(
    condition: Condition,
    note: (what: string) => void,
    stopped: AbortSignal,
  ): Promise<void> {
    let fenced = false;
    while (!stopped.aborted) {
      const missing = unmetPart(condition, this.#recording);
      if (missing === undefined) return;
      note(missing.what);
      if (canStillCome(missing, this.#recording)) {
        await this.#recording.changed();
      } else {
        // What is under way may still arrive; behind a fence nothing is.
        if (fenced) throw this.#cannotCome(missing.what);
        await this.#host.fence({});
        fenced = true;
      }
    }
  }

  async #observeStates(
    states: NonNullable<Condition['states']>,
    note: (what: string) => void,
    stopped: AbortSignal,
  ): Promise<void> {
    note(
      Object.entries(states)
        .map(([side, state]) => `${side} ${state}`)
        .join(', '),
    );
    for (let round = 0; !stopped.aborted; round++) {
      const over = isOver(this.#recording);
      const unmet = unmetState(states, await this.sample(), this.#recording);
      if (unmet === undefined) return;
      const missing = `${unmet.side} ${unmet.wanted} (ss: ${unmet.is})`;
      note(missing);
      if (over && (unmet.is === 'CLOSED' || unmet.is === 'TIME-WAIT')) throw this.#cannotCome(missing);
      // The first looks follow at once; a state that lets itself be waited for is asked for more and more seldom.
      if (round > 3) await pace(Math.min(round, 20), stopped);
    }
  }

  async #orDamage<T>(lane: Damage['lane'], kind: Damage['kind'], observed: Promise<T>): Promise<T> {
    try {
      return await observed;
    } catch (error) {
      if (isFinwaitError(error)) this.#recording.addDamage({ lane, kind, detail: error.message });
      throw error;
    }
  }

  #cannotCome(missing: string): FinwaitError {
    return new FinwaitError(
      'ERR_FINWAIT_TIMEOUT',
      `${missing} cannot come any more: the connection is over; last seen: ${this.#recording.lastSeen()}`,
    );
  }
}

/**
 * Whether the last snapshot surely began behind the last segment, as far as the clocks are known to agree. One that is
 * taken behind a fence does.
 */
function endsWithSnapshot({ segments, snapshots, clockReadings }: RunEvidence): boolean {
  const [last, snapshot] = [segments.at(-1), snapshots.at(-1)];
  if (last === undefined || snapshot === undefined) return false;
  return clockReadings.some(({ sentBeforeNs, capturedAtNs }) => {
    return snapshot.startedAtNs - sentBeforeNs >= last.capturedAtNs - capturedAtNs;
  });
}

/** What a lane could not tell is damage by now; a lab that is gone can tell nothing at all. */
function unlessGone(error: unknown): void {
  if (!isFinwaitError(error) || error.code === 'ERR_FINWAIT_PROCESS_ENDED') throw error;
}

function drive(tell: DrivenSocket['tell']): DrivenSocket {
  return {
    tell,
    write: (data) => tell({ verb: 'write', data }),
    end: (data) => tell({ verb: 'end', ...(data !== undefined && { data }) }),
    destroy: () => tell({ verb: 'destroy' }),
    resetAndDestroy: () => tell({ verb: 'resetAndDestroy' }),
    pause: () => tell({ verb: 'pause' }),
    resume: () => tell({ verb: 'resume' }),
    read: (bytes) => tell({ verb: 'read', bytes }),
  };
}
