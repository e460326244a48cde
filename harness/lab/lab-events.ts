import { FinwaitError } from '../errors.ts';
import type { Side } from '../model/connection.ts';
import { formatEndpoint } from '../model/endpoint.ts';
import type { Damage } from '../model/evidence.ts';
import type { JsReport } from '../model/observation.ts';
import type { Segment } from '../model/segment.ts';
import type { SocketId } from '../peer/protocol.ts';
import { damageKey } from './damage-key.ts';
import type { AgentEvents, PeerName } from './protocol.ts';
import type { Recording } from './recording.ts';

/** Who a socket's reports belong to. */
interface SocketOwner {
  readonly recording: Recording;
  readonly side: Side;
}

export interface ProgramListener {
  output(stream: 'stdout' | 'stderr', text: string): void;
  ended(exitCode: number | undefined, signal: string | undefined): void;
}

/** Damage that does not pass: a recording that begins later suffers from it too. */
const LASTING: ReadonlySet<Damage['kind']> = new Set(['capture-ended', 'lane-missing', 'reports-lost']);

/**
 * Hands what the agent tells to the recording or program that it belongs to. What belongs to nobody, such as the
 * last reports of a pair that has been stopped, is dropped.
 */
export class LabEvents implements AgentEvents {
  readonly #recordings = new Map<number, Recording>();
  readonly #owners = new Map<string, SocketOwner>();
  readonly #accepting = new Map<number, (socketId: SocketId) => void>();
  readonly #programs = new Map<number, ProgramListener>();
  readonly #lasting = new Map<string, Damage>();

  /** True when no pair is open. */
  get isIdle(): boolean {
    return this.#recordings.size === 0;
  }

  /** @throws TypeError when another pair has that server: their segments could not be told apart */
  addRecording(recording: Recording): void {
    const { server } = recording;
    if (this.#recordings.has(server.port)) {
      throw new TypeError(
        `Another pair of this lab has ${formatEndpoint(server)} as its server; stop that first`,
      );
    }
    this.#recordings.set(server.port, recording);
    for (const damage of this.#lasting.values()) recording.addDamage(damage);
  }

  removeRecording(recording: Recording): void {
    this.#recordings.delete(recording.server.port);
    // A socket that never connected never reports its 'close'.
    for (const [key, owner] of this.#owners) if (owner.recording === recording) this.#owners.delete(key);
  }

  onAccepted(serverId: number, listener: (socketId: SocketId) => void): void {
    this.#accepting.set(serverId, listener);
  }

  offAccepted(serverId: number): void {
    this.#accepting.delete(serverId);
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
      const { source, destination } = segment;
      const recording = this.#recordings.get(destination.port) ?? this.#recordings.get(source.port);
      recording?.addSegment(segment);
    }
  }

  accepted(serverId: number, socketId: SocketId): void {
    this.#accepting.get(serverId)?.(socketId);
  }

  report(peer: PeerName, socketId: SocketId, report: JsReport): void {
    const key = `${peer} ${socketId}`;
    const owner = this.#owners.get(key);
    owner?.recording.addReport(owner.side, report);
    // 'close' is the last that a socket reports.
    if (report.kind === 'event' && report.name === 'close') this.#owners.delete(key);
  }

  damage(damage: Damage): void {
    if (LASTING.has(damage.kind)) this.#lasting.set(damageKey(damage), damage);
    for (const recording of this.#recordings.values()) recording.addDamage(damage);
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
    for (const recording of this.#recordings.values()) recording.fail(error);
    for (const programId of [...this.#programs.keys()]) this.programEnded(programId, undefined, 'SIGKILL');
  }
}
