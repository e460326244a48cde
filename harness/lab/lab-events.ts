import type { Side } from '../model/connection.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { Damage } from '../model/evidence.ts';
import type { JsReport } from '../model/observation.ts';
import type { Segment } from '../model/segment.ts';
import type { AgentEvents, PeerName } from './protocol.ts';
import type { Recording } from './recording.ts';

/** Who owns a socket's reports, and what to do with the rest of a server's accepted sockets. */
interface SocketOwner {
  readonly recording: Recording;
  readonly side: Side;
}

type AcceptListener = (socketId: number, ends: { local: Endpoint; peer: Endpoint }) => void;

export interface ProgramListener {
  output(stream: 'stdout' | 'stderr', text: string): void;
  ended(exitCode: number | undefined, signal: string | undefined): void;
}

/** Hands what the agent tells to the recording or program that it belongs to. */
export class LabEvents implements AgentEvents {
  readonly #recordings = new Map<number, Recording>();
  readonly #owners = new Map<string, SocketOwner>();
  /** Reports of sockets whose owner is not known yet: they overtake the answer that names the socket. */
  readonly #early = new Map<string, JsReport[]>();
  readonly #accepting = new Map<number, AcceptListener>();
  readonly #programs = new Map<number, ProgramListener>();
  /** Damage to the lab as a whole; every recording of the lab suffers from it. */
  readonly damageSoFar: Damage[] = [];

  addRecording(recording: Recording): void {
    this.#recordings.set(recording.server.port, recording);
    for (const damage of this.damageSoFar) recording.addDamage(damage);
  }

  removeRecording(recording: Recording): void {
    this.#recordings.delete(recording.server.port);
  }

  onAccepted(serverId: number, listener: AcceptListener): void {
    this.#accepting.set(serverId, listener);
  }

  offAccepted(serverId: number): void {
    this.#accepting.delete(serverId);
  }

  ownSocket(peer: PeerName, socketId: number, owner: SocketOwner): void {
    const key = `${peer} ${socketId}`;
    this.#owners.set(key, owner);
    for (const report of this.#early.get(key) ?? []) this.#deliver(key, owner, report);
    this.#early.delete(key);
  }

  onProgram(programId: number, listener: ProgramListener): void {
    this.#programs.set(programId, listener);
  }

  segments(segments: readonly Segment[]): void {
    for (const segment of segments) {
      const { source, destination } = segment;
      const recording = this.#recordings.get(destination.port) ?? this.#recordings.get(source.port);
      recording?.addSegment(segment);
    }
  }

  accepted(serverId: number, socketId: number, ends: { local: Endpoint; peer: Endpoint }): void {
    const listener = this.#accepting.get(serverId);
    if (listener === undefined) this.#early.delete(`server ${socketId}`);
    else listener(socketId, ends);
  }

  report(peer: PeerName, socketId: number, report: JsReport): void {
    const key = `${peer} ${socketId}`;
    const owner = this.#owners.get(key);
    if (owner !== undefined) {
      this.#deliver(key, owner, report);
      return;
    }
    const early = this.#early.get(key);
    if (early === undefined) this.#early.set(key, [report]);
    else early.push(report);
  }

  damage(damage: Damage): void {
    this.damageSoFar.push(damage);
    for (const recording of this.#recordings.values()) recording.addDamage(damage);
  }

  programOutput(programId: number, stream: 'stdout' | 'stderr', text: string): void {
    this.#programs.get(programId)?.output(stream, text);
  }

  programEnded(programId: number, exitCode: number | undefined, signal: string | undefined): void {
    this.#programs.get(programId)?.ended(exitCode, signal);
    this.#programs.delete(programId);
  }

  /** 'close' is the last that a socket reports. */
  #deliver(key: string, { recording, side }: SocketOwner, report: JsReport): void {
    recording.addReport(side, report);
    if (report.kind === 'event' && report.name === 'close') this.#owners.delete(key);
  }
}
