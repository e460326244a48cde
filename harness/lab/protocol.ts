import type { SocketFilter } from '../kernel/sampler.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { Damage } from '../model/evidence.ts';
import type { ClockReading, JsReport, SocketSnapshot } from '../model/observation.ts';
import type { Segment } from '../model/segment.ts';
import type { Side } from '../model/connection.ts';
import type {
  ConnectOptions,
  ListenOptions,
  ServerCommand,
  SocketCommand,
  SocketId,
} from '../peer/protocol.ts';

/** Where peers listen in a lab of one host. */
export const LOOPBACK = '127.0.0.1';

/** A peer process of the lab: `client` and `server`, which are always there, or one that was started besides. */
export type PeerName = string;

/** One host, whose loopback is the network, or two, joined by a cable: the client's and the server's. */
export type HostCount = 1 | 2;

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
  /** None of these may be set. */
  readonly without?: string;
}

/** What befalls segments behind the tap: they are in the capture, and their receiver gets something else. */
export interface FaultRule extends GateFilter {
  /** Which of the matching segments, from 1 in order of arrival since the rule was set; left out: all of them. */
  readonly nth?: readonly number[];
  /** Counting begins again behind so many: {nth: [3], outOf: 10} is every tenth, from the third. @default never */
  readonly outOf?: number;
  /**
   * - `drop`: never received;
   * - `reset`: never received, and its sender gets a RST that looks as if the receiver had sent it;
   * - `duplicate`: received twice;
   * - `keep`: waits in its sender's queue until the rule is released, before the tap: neither seen nor received. Past
   *   2 h 40 min it may leave by itself, and the evidence says so as damage.
   */
  readonly action: 'drop' | 'reset' | 'duplicate' | 'keep';
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
  /** Brings the network up, starts the capture, the samplers and both peers; resolves when all listen. */
  open(network: NetworkKind, hosts: HostCount): Promise<void>;
  /** Starts another peer process on that side's host, unless there is one of that name. */
  startPeer(peer: PeerName, side: Side): Promise<void>;
  /** Sends a signal that ends the peer, and resolves once it has ended. That is no damage: it was told to. */
  killPeer(peer: PeerName, signal: NodeJS.Signals): Promise<{ atNs: bigint }>;
  /** Stops the peer where it stands (SIGSTOP), or lets it run on; what it has reported is told before it resolves. */
  freezePeer(peer: PeerName, frozen: boolean): Promise<{ atNs: bigint }>;
  /** Resolves with where it listens. */
  listen(peer: PeerName, options: ListenChoice): Promise<Endpoint>;
  unlisten(peer: PeerName, serverId: number): Promise<void>;
  /** Resolves with the socket's own end where the kernel has given it one. */
  connect(peer: PeerName, options: ConnectOptions): Promise<Endpoint | undefined>;
  tell(peer: PeerName, socketId: SocketId, command: SocketCommand): Promise<void>;
  tellServer(peer: PeerName, serverId: number, command: ServerCommand): Promise<void>;
  /** Without a filter: every TCP socket of the network. */
  sample(filter?: SocketFilter): Promise<SocketSnapshot>;
  /** Resolves when every segment sent before the call has been handed over. */
  fence(): Promise<ClockReading>;
  /** Asks the kernel what the capture missed and what gates failed to keep; damage is told before it resolves. */
  checkCapture(): Promise<void>;
  /** Everything that the peers have reported is told before it resolves, and so is the end of one as damage. */
  checkPeers(): Promise<void>;
  setFault(rule: FaultRule): Promise<{ gateId: number; atNs: bigint }>;
  release(gateId: number): Promise<{ atNs: bigint }>;
  /** Pulls the cable of that side's host: it receives nothing, and what it sends goes nowhere. */
  unplug(side: Side): Promise<{ gateId: number; atNs: bigint }>;
  /** Delays every segment that leaves a host; 0 for no delay. */
  delay(ms: number): Promise<void>;
  /** `ss -K`: the kernel aborts the socket of `local` connected to `peer`. */
  killSocket(local: Endpoint, peer: Endpoint): Promise<void>;
  readSysctl(name: string): Promise<string>;
  writeSysctl(name: string, value: string): Promise<void>;
  spawn(programId: number, options: ProgramOptions): void;
  signalProgram(programId: number, signal: NodeJS.Signals): void;
  /** Ends everything that the agent started. A private network needs no such care: the kernel ends it. */
  close(): Promise<void>;
}

/** A server to listen. */
export interface ListenChoice extends Omit<ListenOptions, 'host' | 'port'> {
  /** @default the server's host: loopback, or its end of the cable */
  readonly host?: string;
  /** @default chosen by the lab */
  readonly port?: number;
}

/** What the agent tells of its own accord. */
export interface AgentEvents {
  segments(segments: readonly Segment[]): void;
  accepted(serverId: number, socketId: SocketId, client: Endpoint | undefined): void;
  serverReport(serverId: number, report: JsReport): void;
  report(peer: PeerName, socketId: SocketId, report: JsReport): void;
  damage(damage: Damage): void;
  programOutput(programId: number, stream: 'stdout' | 'stderr', text: string): void;
  programEnded(programId: number, exitCode: number | undefined, signal: string | undefined): void;
}

export const AGENT_EVENT_NAMES: readonly (keyof AgentEvents)[] = [
  'segments',
  'accepted',
  'serverReport',
  'report',
  'damage',
  'programOutput',
  'programEnded',
];
