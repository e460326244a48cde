import { isIP } from 'node:net';
import type { BirpcReturn } from 'birpc';
import { FinwaitError, isFinwaitError } from '../errors.ts';
import type { SocketFilter } from '../kernel/sampler.ts';
import { type Side } from '../model/connection.ts';
import { type Endpoint, plainAddress } from '../model/endpoint.ts';
import type { ClockReading, Hold, SocketSnapshot } from '../model/observation.ts';
import type { RunEvidence } from '../model/run-evidence.ts';
import { rejectUnknownOptions } from '../options.ts';
import type { SocketCommand, SocketId } from '../peer/protocol.ts';
import { type WaitOptions, withDeadline } from '../timing.ts';
import { moduleOf } from './behaviours.ts';
import type { LabEvents } from './lab-events.ts';
import { type Gate, Pair, type PairHost } from './pair.ts';
import { type AgentEvents, type AgentFunctions, type GateFilter, LOOPBACK } from './protocol.ts';
import { Recording } from './recording.ts';

export interface PairOptions {
  /**
   * A behaviour in `servers/` by its file name, the URL of a behaviour module of your own, the endpoint of a
   * program of your own that listens in the lab, or `'nobody'`: a port where no one listens.
   */
  readonly server: string | URL | Endpoint;
  /** A behaviour in `clients/` by its file name, or the URL of a behaviour module of your own. */
  readonly client: string | URL;
  /**
   * True: both do only what they are told. False: they do what their behaviours do alone, too.
   * @default true
   */
  readonly driven?: boolean;
}

/** What a pair shares with the other pairs of its lab. */
export interface SharedLab {
  readonly agent: BirpcReturn<AgentFunctions, AgentEvents>;
  readonly events: LabEvents;
  readonly clockReadings: readonly ClockReading[];
  readonly holds: () => readonly Hold[];
  /** A name for a server or socket that no other of this lab has. */
  readonly nextId: () => number;
  readonly fence: (options: WaitOptions) => Promise<void>;
  readonly hold: (filter: GateFilter) => Promise<Gate>;
}

/** Who the client connects to; without a `serverId` no peer of the lab listens there. */
interface Target {
  readonly endpoint: Endpoint;
  readonly serverId?: number;
}

/** The pair's side towards the lab: which sockets it has, what they report, how to tell them. */
export class PairConnection implements PairHost {
  readonly pair: Pair;
  readonly #lab: SharedLab;
  readonly #recording: Recording;
  readonly #clientModule: string;
  readonly #driven: boolean;
  readonly #serverId: number | undefined;
  readonly #accepted: Promise<SocketId>;
  readonly #gates = new Set<Gate>();
  readonly #clientId: SocketId;
  #connecting: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  /** @throws TypeError for an unknown option or behaviour, or a server that another open pair has */
  static async open(options: PairOptions, lab: SharedLab): Promise<PairConnection> {
    rejectUnknownOptions(options, ['server', 'client', 'driven']);
    const clientModule = moduleOf('clients', options.client);
    const driven = options.driven ?? true;
    return new PairConnection(await listen(options.server, driven, lab), clientModule, driven, lab);
  }

  private constructor(target: Target, clientModule: string, driven: boolean, lab: SharedLab) {
    this.#lab = lab;
    this.#clientModule = clientModule;
    this.#clientId = String(lab.nextId());
    this.#driven = driven;
    this.#serverId = target.serverId;
    this.#recording = new Recording(target.endpoint);
    this.pair = new Pair(this, this.#recording);
    lab.events.addRecording(this.#recording);
    lab.events.ownSocket('client', this.#clientId, { recording: this.#recording, side: 'client' });
    this.#accepted = new Promise((resolve) => {
      if (target.serverId === undefined) return;
      lab.events.onAccepted(target.serverId, (socketId) => {
        lab.events.ownSocket('server', socketId, { recording: this.#recording, side: 'server' });
        resolve(socketId);
      });
    });
  }

  async connect(): Promise<void> {
    this.#requireOpen('client connect');
    if (this.#connecting === undefined) this.#recording.followConnection();
    this.#connecting ??= this.#lab.agent.connect({
      socketId: this.#clientId,
      module: this.#clientModule,
      driven: this.#driven,
      to: this.#recording.server,
    });
    await withDeadline(this.#connecting, { what: 'the client peer’s answer to connect' });
  }

  async tell(side: Side, command: SocketCommand, options: WaitOptions = {}): Promise<void> {
    const socketId =
      side === 'client' ? await this.#clientSocket(command) : await this.#serverSocket(command, options);
    const told = this.#lab.agent.tell(side, socketId, command);
    await withDeadline(told, { what: `the ${side} peer’s answer to ${command.verb}` }, options);
  }

  async sample(filter: SocketFilter, options: WaitOptions): Promise<SocketSnapshot> {
    return await withDeadline(this.#lab.agent.sample(filter), { what: 'a snapshot of ss' }, options);
  }

  async fence(options: WaitOptions): Promise<void> {
    await this.#lab.fence(options);
  }

  async checkCapture(options: WaitOptions): Promise<void> {
    await withDeadline(this.#lab.agent.checkCapture(), { what: 'tcpdump’s packet counts' }, options);
  }

  async checkPeers(options: WaitOptions): Promise<void> {
    await withDeadline(this.#lab.agent.checkPeers(), { what: 'an answer of both peers' }, options);
  }

  async hold(filter: GateFilter): Promise<Gate> {
    this.#requireOpen('hold');
    const gate = await this.#lab.hold(filter);
    this.#gates.add(gate);
    // Stopped meanwhile, nobody else would release it.
    if (this.#stopped !== undefined) await gate.release();
    return gate;
  }

  evidence(): RunEvidence {
    return this.#recording.evidence([...this.#lab.clockReadings], this.#lab.holds());
  }

  async stop(): Promise<void> {
    this.#stopped ??= this.#close();
    await this.#stopped;
  }

  #requireOpen(what: string): void {
    if (this.#stopped === undefined) return;
    throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', `${what}: this pair has been stopped`, {
      hint: 'Make another with lab.pair().',
    });
  }

  async #clientSocket({ verb }: SocketCommand): Promise<SocketId> {
    if (this.#connecting === undefined) {
      throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', `client ${verb}: it has not connected yet`, {
        hint: 'Call pair.client.connect() first.',
      });
    }
    await this.#connecting;
    return this.#clientId;
  }

  async #serverSocket({ verb }: SocketCommand, options: WaitOptions): Promise<SocketId> {
    if (this.#serverId === undefined) {
      throw new FinwaitError(
        'ERR_FINWAIT_PEER_COMMAND',
        `server ${verb}: this pair's server is not a driven peer`,
      );
    }
    const what = `the server's accepted socket (to ${verb})`;
    return await withDeadline(this.#accepted, { what, lastSeen: () => this.#recording.lastSeen() }, options);
  }

  async #destroyClient(): Promise<void> {
    try {
      await this.#connecting;
    } catch {
      return; // connect() has told its caller why there is no socket
    }
    if (this.#connecting !== undefined)
      await this.#lab.agent.tell('client', this.#clientId, { verb: 'destroy' });
  }

  /** A part that is gone, or does not answer, holds nothing back that could be closed from here. */
  async #close(): Promise<void> {
    const { agent, events } = this.#lab;
    const closing = [
      ...[...this.#gates].map((gate) => gate.release()),
      this.#destroyClient(),
      ...(this.#serverId === undefined ? [] : [agent.unlisten(this.#serverId)]),
    ];
    try {
      await withDeadline(Promise.all(closing.map(settle)), { what: 'the end of a pair' });
    } catch (error) {
      if (!isFinwaitError(error)) throw error;
    } finally {
      if (this.#serverId !== undefined) events.offAccepted(this.#serverId);
      events.removeRecording(this.#recording);
    }
  }
}

/** Fulfilled even when a FinwaitError says that the lab, a peer or a socket is gone. */
async function settle(closing: Promise<unknown>): Promise<void> {
  try {
    await closing;
  } catch (error) {
    if (!isFinwaitError(error)) throw error;
  }
}

async function listen(
  server: PairOptions['server'],
  driven: boolean,
  lab: Pick<SharedLab, 'agent' | 'nextId'>,
): Promise<Target> {
  if (isEndpoint(server)) return { endpoint: checkEndpoint(server) };
  if (server === 'nobody') return { endpoint: { address: LOOPBACK, port: await freePort(lab) } };
  const serverId = lab.nextId();
  const listening = lab.agent.listen({ serverId, module: moduleOf('servers', server), driven });
  return { endpoint: await withDeadline(listening, { what: 'the server peer’s listener' }), serverId };
}

/** A port on which the server peer has listened and no longer does. */
export async function freePort({ agent, nextId }: Pick<SharedLab, 'agent' | 'nextId'>): Promise<number> {
  const serverId = nextId();
  const listening = agent.listen({ serverId, module: moduleOf('servers', 'never-ends'), driven: true });
  const endpoint = await withDeadline(listening, { what: 'the server peer’s listener' });
  await withDeadline(agent.unlisten(serverId), { what: 'the end of the server peer’s listener' });
  return endpoint.port;
}

function isEndpoint(server: PairOptions['server']): server is Endpoint {
  return typeof server === 'object' && !(server instanceof URL);
}

/** Segments and sockets carry addresses, never names. */
function checkEndpoint({ address, port }: Endpoint): Endpoint {
  if (isIP(address) === 0) throw new TypeError(`The server’s address is not an IP address: "${address}"`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new TypeError(`Not a port: ${port}`);
  return { address: plainAddress(address), port };
}
