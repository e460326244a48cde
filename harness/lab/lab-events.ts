import { FinwaitError } from '../errors.ts';
import type { Side } from '../model/connection.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { Damage } from '../model/evidence.ts';
import type { CountedSegments, JsReport } from '../model/observation.ts';
import type { Segment } from '../model/segment.ts';
import type { SocketId } from '../peer/protocol.ts';
import { damageKey } from './damage-key.ts';
import type { AgentEvents, PeerName } from './protocol.ts';
import type { Recording } from './recording.ts';
import type { SegmentCount } from './segment-count.ts';

/** Who a socket's reports belong to. */
interface SocketOwner {
  readonly recording: Recording;
  readonly side: Side;
}

type AcceptListener = (socketId: SocketId, client: Endpoint | undefined) => void;

interface ServedServer {
  readonly onAccepted: AcceptListener;
  /** With how many sockets the server had accepted before: they are of earlier connections, even with the same ends. */
  readonly recordings: Map<Recording, number>;
  accepted: number;
}

export interface ProgramListener {
  output(stream: 'stdout' | 'stderr', text: string): void;
  ended(exitCode: number | undefined, signal: string | undefined): void;
}

/** Damage that does not pass: a recording that begins later suffers from it too. */
const LASTING: ReadonlySet<Damage['kind']> = new Set([
  'capture-ended',
  'fault-uncertain',
  'lane-missing',
  'reports-lost',
]);

/**
 * Hands what the agent tells to the recording or program that it belongs to. What belongs to nobody, such as the
 * last reports of a pair that has been stopped, is dropped.
 */
export class LabEvents implements AgentEvents {
  readonly #recordings = new Set<Recording>();
  readonly #owners = new Map<string, SocketOwner>();
  readonly #servers = new Map<number, ServedServer>();
  readonly #programs = new Map<number, ProgramListener>();
  readonly #counts = new Set<SegmentCount>();
  /** Whether a gate was set since the oldest recording began. */
  #isDisturbed = false;
  readonly #lasting = new Map<string, Damage>();

  /** True when no pair is open. */
  get isIdle(): boolean {
    return this.#recordings.size === 0;
  }

  addRecording(recording: Recording): void {
    if (this.isIdle) {
      this.#isDisturbed = false;
      // Nobody is left who would ask.
      for (const count of this.#counts) if (count.isOver) this.#counts.delete(count);
    }
    this.#recordings.add(recording);
    if (this.#isDisturbed) recording.disturb();
    for (const damage of this.#lasting.values()) recording.addDamage(damage);
  }

  removeRecording(recording: Recording): void {
    this.#recordings.delete(recording);
    for (const { recordings } of this.#servers.values()) recordings.delete(recording);
    // A socket that never connected never reports its 'close'.
    for (const [key, owner] of this.#owners) if (owner.recording === recording) this.#owners.delete(key);
  }

  /** A gate was set in the network of all of them. */
  disturb(): void {
    this.#isDisturbed = true;
    for (const recording of this.#recordings) recording.disturb();
  }

  /** From now on this gate counts. */
  count(count: SegmentCount): void {
    this.#counts.add(count);
  }

  /** The gate counts no more; what it counted may still be asked for, until no pair is left. */
  endCount(counted: CountedSegments | undefined): void {
    for (const count of this.#counts) if (count.counted === counted) count.isOver = true;
  }

  uncount(count: SegmentCount): void {
    this.#counts.delete(count);
  }

  /** From now on what this server accepts is told. */
  addServer(serverId: number, onAccepted: AcceptListener): void {
    this.#servers.set(serverId, { onAccepted, recordings: new Map(), accepted: 0 });
  }

  removeServer(serverId: number): void {
    this.#servers.delete(serverId);
  }

  /** What the server and its sockets report goes to this recording, which knows whose connection is meant. */
  followServer(serverId: number, recording: Recording): void {
    const server = this.#servers.get(serverId);
    server?.recordings.set(recording, server.accepted);
  }

  ownSocket(peer: PeerName, socketId: SocketId, owner: SocketOwner): void {
    this.#owners.set(`${peer} ${socketId}`, owner);
  }

  onProgram(programId: number, listener: ProgramListener): void {
    this.#programs.set(programId, listener);
  }

  offProgram(programId: number): void {
    this.#programs.delete(programId);
  }

  segments(segments: readonly Segment[]): void {
    for (const segment of segments) {
      for (const count of this.#counts) count.add(segment);
      const { source, destination } = segment;
      for (const recording of this.#recordings) {
        const { port } = recording.server;
        if (port === destination.port || port === source.port) recording.addSegment(segment);
      }
    }
  }

  accepted(serverId: number, socketId: SocketId, client: Endpoint | undefined): void {
    const server = this.#servers.get(serverId);
    if (server === undefined) return;
    server.accepted++;
    server.onAccepted(socketId, client);
  }

  serverReport(serverId: number, report: JsReport): void {
    for (const recording of this.#servers.get(serverId)?.recordings.keys() ?? [])
      recording.addReport('server', report);
  }

  report(peer: PeerName, socketId: SocketId, report: JsReport): void {
    const key = `${peer} ${socketId}`;
    // A socket that a server accepted is named after it, and numbered.
    const [serverId = '', accepted] = socketId.split('/');
    const server = accepted === undefined ? undefined : this.#servers.get(Number(serverId));
    if (server !== undefined) {
      for (const [recording, before] of server.recordings) {
        if (Number(accepted) > before) recording.addReport('server', report, key);
      }
      return;
    }
    const owner = this.#owners.get(key);
    owner?.recording.addReport(owner.side, report, key);
    // 'close' is the last that a socket reports.
    if (report.kind === 'event' && report.name === 'close') this.#owners.delete(key);
  }

  damage(damage: Damage): void {
    if (LASTING.has(damage.kind)) this.#lasting.set(damageKey(damage), damage);
    for (const recording of this.#recordings) recording.addDamage(damage);
  }

  programOutput(programId: number, stream: 'stdout' | 'stderr', text: string): void {
    this.#programs.get(programId)?.output(stream, text);
  }

  programEnded(programId: number, exitCode: number | undefined, signal: string | undefined): void {
    this.#programs.get(programId)?.ended(exitCode, signal);
    this.#programs.delete(programId);
  }

  /** Nothing more will be told. */
  agentEnded(): void {
    const error = new FinwaitError('ERR_FINWAIT_PROCESS_ENDED', 'the lab’s agent is gone');
    for (const recording of this.#recordings) recording.fail(error);
    for (const programId of [...this.#programs.keys()]) this.programEnded(programId, undefined, 'SIGKILL');
  }
}
