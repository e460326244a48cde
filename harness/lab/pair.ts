import { FinwaitError, isFinwaitError } from '../errors.ts';
import { checkSide, type Side } from '../model/connection.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { Damage } from '../model/evidence.ts';
import type { SocketSnapshot } from '../model/observation.ts';
import type { RunEvidence } from '../model/run-evidence.ts';
import { rejectUnknownOptions } from '../options.ts';
import { withDeadline, type WaitOptions } from '../timing.ts';
import type { Condition } from './condition.ts';
import { type DrivenSocket, drive } from './driven-socket.ts';
import type { Gate } from './gate.ts';
import type { LabServer } from './lab-server.ts';
import { PairEnds, settle } from './pair-ends.ts';
import { type FaultName, type PairFault, PairFaults, type PairHold, type PairLoss } from './pair-faults.ts';
import type { PairOptions } from './pair-options.ts';
import { PairProcesses } from './pair-processes.ts';
import { endsWithSnapshot } from './last-snapshot.ts';
import type { FaultRule } from './protocol.ts';
import type { Recording } from './recording.ts';
import type { SharedLab } from './shared-lab.ts';
import { untilObserved, WAIT_OPTIONS } from './until.ts';

/**
 * One server and one client, paired over one connection, watched in all three lanes.
 */
export class Pair implements AsyncDisposable {
  readonly client: DrivenSocket & { connect(): Promise<void> };
  /** The accepted socket; commands wait until it is there. It connects only where the server dials. */
  readonly server: DrivenSocket & { connect(): Promise<void> };
  readonly #lab: SharedLab;
  readonly #ends: PairEnds;
  readonly #recording: Recording;
  readonly #processes: PairProcesses;
  readonly #faults: PairFaults;
  readonly #gates = new Set<Gate>();
  #stopped: Promise<void> | undefined;

  /** @internal Called by `lab.pair()`. @throws TypeError for an unknown option or behaviour */
  static async open(options: PairOptions, lab: SharedLab): Promise<Pair> {
    return new Pair(lab, await PairEnds.open(options, lab));
  }

  private constructor(lab: SharedLab, ends: PairEnds) {
    this.#lab = lab;
    this.#ends = ends;
    this.#recording = ends.recording;
    this.#processes = new PairProcesses(lab, ends);
    this.#faults = new PairFaults(ends, (rule) => this.#setFault(rule));
    const end = (side: Side): Pair['client'] => ({
      ...drive((command, options) => ends.tell(side, command, options)),
      connect: async () => {
        this.#requireOpen(`${side} connect`);
        await ends.connect(side);
      },
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
    const watched = {
      recording: this.#recording,
      sample: () => this.sample(),
      fence: () => this.#lab.fence({}),
    };
    await untilObserved(watched, condition, options);
  }

  /**
   * One `ss` snapshot of this pair's sockets, kept as evidence.
   * @throws FinwaitError ERR_FINWAIT_SOCKET_SAMPLING or ERR_FINWAIT_TIMEOUT, kept as damage to the evidence, too
   */
  async sample(options: WaitOptions = {}): Promise<SocketSnapshot> {
    rejectUnknownOptions(options, WAIT_OPTIONS);
    const asked = this.#lab.agent.sample({ ports: [this.endpoint.port] });
    const answered = withDeadline(asked, { what: 'a snapshot of ss' }, options);
    const snapshot = await this.#orDamage('kernel', 'sampling-failed', answered);
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
    await this.#processes.kill(side, signal);
  }

  /**
   * Stops that side's process where it stands (SIGSTOP), until {@link thaw} or the pair is stopped: a program that
   * computes, or hangs in a debugger, while its kernel goes on. It must be a process of its own.
   */
  async freeze(side: Side): Promise<void> {
    checkSide(side);
    await this.#processes.freeze(side);
  }

  async thaw(side: Side): Promise<void> {
    checkSide(side);
    await this.#processes.thaw(side);
  }

  /**
   * Watches in place of connecting: the next connection to this server that somebody else begins is this pair's. Its
   * client's program is not this pair's, and so its JS lane is empty.
   */
  follow(): void {
    this.#recording.followConnection();
  }

  /** `ss -K`: the kernel aborts that side's socket, and takes away a TIME-WAIT. */
  async killSocket(side: Side): Promise<void> {
    checkSide(side);
    const { client, server } = this.#recording;
    if (client === undefined)
      throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', 'the client’s end is not known');
    const [local, peer] = side === 'client' ? [client, server] : [server, client];
    await withDeadline(this.#lab.agent.killSocket(local, peer), { what: 'ss -K' });
  }

  /** The server program; undefined where none of the lab's listens. */
  get listening(): LabServer | undefined {
    return this.#ends.server;
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
    const { agent } = this.#lab;
    const checked = withDeadline(agent.checkCapture(), { what: 'tcpdump’s packet counts' }, options);
    const told = withDeadline(agent.checkPeers(), { what: 'an answer of both peers' }, options);
    await Promise.all([
      this.#orDamage('wire', 'capture-ended', this.#lab.fence(options)).catch(unlessGone),
      this.#orDamage('wire', 'capture-ended', checked).catch(unlessGone),
      this.#orDamage('node', 'reports-lost', told).catch(unlessGone),
    ]);
    if (!endsWithSnapshot(this.#evidence())) await this.sample(options).catch(unlessGone);
    return this.#evidence();
  }

  /** Destroys both sockets, closes the listener and ends the recording. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped ??= this.#close();
    await this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  #evidence(): RunEvidence {
    const { clockReadings, holds, settingsSince } = this.#lab;
    return this.#recording.evidence({
      clockReadings: [...clockReadings],
      holds: holds(),
      settings: settingsSince(this.#recording.beganAtNs),
    });
  }

  async #close(): Promise<void> {
    // Who is frozen answers nothing that comes now.
    for (const side of this.#processes.frozen) await settle(this.#processes.thaw(side));
    await Promise.all([...[...this.#gates].map((gate) => settle(gate.release())), this.#ends.close()]);
  }

  async #setFault(rule: FaultRule): Promise<Gate> {
    this.#requireOpen('fault');
    const gate = await this.#lab.fault(rule);
    this.#gates.add(gate);
    // Stopped meanwhile, nobody else would release it.
    if (this.#stopped !== undefined) await gate.release();
    return gate;
  }

  #requireOpen(what: string): void {
    if (this.#stopped === undefined) return;
    throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', `${what}: this pair has been stopped`, {
      hint: 'Make another with lab.pair().',
    });
  }

  async #orDamage<T>(lane: Damage['lane'], kind: Damage['kind'], observed: Promise<T>): Promise<T> {
    try {
      return await observed;
    } catch (error) {
      if (isFinwaitError(error)) this.#recording.addDamage({ lane, kind, detail: error.message });
      throw error;
    }
  }
}

/** What a lane could not tell is damage by now; a lab that is gone can tell nothing at all. */
function unlessGone(error: unknown): void {
  if (!isFinwaitError(error) || error.code === 'ERR_FINWAIT_PROCESS_ENDED') throw error;
}
