import type { SocketFilter } from '../kernel/sampler.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { Damage } from '../model/evidence.ts';
import type { ClockReading, JsReport, SocketSnapshot } from '../model/observation.ts';
import type { Segment } from '../model/segment.ts';
import type { ConnectOptions, ListenOptions, SocketCommand, SocketId } from '../peer/protocol.ts';

/** Where peers listen. */
export const LOOPBACK = '127.0.0.1';

/** The lab's two peer processes. */
export type PeerName = 'client' | 'server';

/**
 * - `private`: a network namespace of the lab's own; nothing there can meet other traffic;
 * - `host`: the host's loopback, with the capture narrowed to the lab's own ports.
 */
export type NetworkKind = 'private' | 'host';

/** Which segments a gate keeps from their receiver; an unset field means "any". */
export interface GateFilter {
  readonly source?: Partial<Endpoint>;
  readonly destination?: Partial<Endpoint>;
  /** `FIN`, `SYN,ACK`: every one of these flags must be set. */
  readonly flags?: string;
}

export interface ProgramOptions {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * What the lab's agent does for the process that opened the lab. Servers, sockets and programs are named by the
 * caller: events that overtake an answer then find their owner.
 */
export interface AgentFunctions {
  /** Brings loopback up, starts the capture, the sampler and both peers; resolves when all listen. */
  open(network: NetworkKind): Promise<void>;
  /** Resolves with where it listens. */
  listen(options: Omit<ListenOptions, 'host' | 'port'>): Promise<Endpoint>;
  unlisten(serverId: number): Promise<void>;
  connect(options: ConnectOptions): Promise<void>;
  tell(peer: PeerName, socketId: SocketId, command: SocketCommand): Promise<void>;
  /** Without a filter: every TCP socket of the network. */
  sample(filter?: SocketFilter): Promise<SocketSnapshot>;
  /** Resolves when every segment sent before the call has been handed over. */
  fence(): Promise<ClockReading>;
  /** Asks the kernel what the capture missed; damage, if any, is told before it resolves. */
  checkCapture(): Promise<void>;
  /** Everything that the peers have reported is told before it resolves, and so is the end of one as damage. */
  checkPeers(): Promise<void>;
  hold(filter: GateFilter): Promise<{ gateId: number; atNs: bigint }>;
  release(gateId: number): Promise<{ atNs: bigint }>;
  readSysctl(name: string): Promise<string>;
  writeSysctl(name: string, value: string): Promise<void>;
  spawn(programId: number, options: ProgramOptions): void;
  signalProgram(programId: number, signal: NodeJS.Signals): void;
  /** Ends everything that the agent started. A private network needs no such care: the kernel ends it. */
  close(): Promise<void>;
}

/** What the agent tells of its own accord. */
export interface AgentEvents {
  segments(segments: readonly Segment[]): void;
  accepted(serverId: number, socketId: SocketId): void;
  report(peer: PeerName, socketId: SocketId, report: JsReport): void;
  damage(damage: Damage): void;
  programOutput(programId: number, stream: 'stdout' | 'stderr', text: string): void;
  programEnded(programId: number, exitCode: number | undefined, signal: string | undefined): void;
}

export const AGENT_EVENT_NAMES: readonly (keyof AgentEvents)[] = [
  'segments',
  'accepted',
  'report',
  'damage',
  'programOutput',
  'programEnded',
];
