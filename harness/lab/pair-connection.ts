import type { BirpcReturn } from 'birpc';
import { FinwaitError } from '../errors.ts';
import type { SocketFilter } from '../kernel/sampler.ts';
import { type Side } from '../model/connection.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { ClockReading, Hold, SocketSnapshot } from '../model/observation.ts';
import type { RunEvidence } from '../model/run-evidence.ts';
import { rejectUnknownOptions } from '../options.ts';
import type { SocketCommand } from '../peer/protocol.ts';
import { withDeadline } from '../timing.ts';
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
  readonly holds: readonly Hold[];
  fence(): Promise<void>;
  hold(filter: GateFilter): Promise<Gate>;
}

/** A listener that the lab's server peer keeps for a pair; absent when the server is a program of the user's. */
interface Listener {
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
  readonly #accepted: Promise<number>;
  #client: Promise<number> | undefined;
  #serverSocketId: number | undefined;
  #stopped: Promise<void> | undefined;

  /** @throws TypeError for an unknown option or behaviour */
  static async open(options: PairOptions, lab: SharedLab): Promise<PairConnection> {
    rejectUnknownOptions(options, ['server', 'client', 'driven']);
    const clientModule = moduleOf('clients', options.client);
    const driven = options.driven ?? true;
    return new PairConnection(await listen(options.server, driven, lab), clientModule, driven, lab);
  }

  private constructor(listener: Listener, clientModule: string, driven: boolean, lab: SharedLab) {
    this.#lab = lab;
    this.#clientModule = clientModule;
    this.#driven = driven;
    this.#serverId = listener.serverId;
    this.#recording = new Recording(listener.endpoint);
    this.pair = new Pair(this, this.#recording);
    lab.events.addRecording(this.#recording);
    this.#accepted = new Promise((resolve) => {
      if (listener.serverId === undefined) return;
      lab.events.onAccepted(listener.serverId, (socketId) => {
        lab.events.ownSocket('server', socketId, { recording: this.#recording, side: 'server' });
        this.#serverSocketId ??= socketId;
        resolve(socketId);
      });
    });
  }

  async connect(): Promise<void> {
    this.#client ??= this.#startClient();
    await this.#client;
  }

  async tell(side: Side, command: SocketCommand): Promise<void> {
    const socketId =
      side === 'client' ? await this.#clientSocket(command) : await this.#serverSocket(command);
    await this.#lab.agent.tell(side, socketId, command);
  }

  async sample(filter: SocketFilter): Promise<SocketSnapshot> {
    return await this.#lab.agent.sample(filter);
  }

  async fence(): Promise<void> {
    await this.#lab.fence();
  }

  async checkCapture(): Promise<void> {
    await this.#lab.agent.checkCapture();
  }

  async hold(filter: GateFilter): Promise<Gate> {
    return await this.#lab.hold(filter);
  }

  evidence(): RunEvidence {
    return this.#recording.evidence([...this.#lab.clockReadings], [...this.#lab.holds]);
  }

  async stop(): Promise<void> {
    this.#stopped ??= this.#close();
    await this.#stopped;
  }

  async #startClient(): Promise<number> {
    const { agent, events } = this.#lab;
    const { socketId } = await agent.connect({
      module: this.#clientModule,
      driven: this.#driven,
      to: this.#recording.server,
    });
    events.ownSocket('client', socketId, { recording: this.#recording, side: 'client' });
    return socketId;
  }

  async #clientSocket({ verb }: SocketCommand): Promise<number> {
    if (this.#client === undefined) {
      throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', `client ${verb}: it has not connected yet`, {
        hint: 'Call pair.client.connect() first.',
      });
    }
    return await this.#client;
  }

  async #serverSocket({ verb }: SocketCommand): Promise<number> {
    if (this.#serverId === undefined) {
      throw new FinwaitError(
        'ERR_FINWAIT_PEER_COMMAND',
        `server ${verb}: this pair's server is not a driven peer`,
      );
    }
    return await withDeadline(this.#accepted, {
      what: `the server's accepted socket (to ${verb})`,
      lastSeen: () => this.#recording.lastSeen(),
    });
  }

  async #close(): Promise<void> {
    const { agent, events } = this.#lab;
    const destroy = async (side: Side, socketId: number | undefined): Promise<void> => {
      // A socket that has closed by itself is no longer known to its peer, which is just what is wanted.
      if (socketId !== undefined)
        await agent.tell(side, socketId, { verb: 'destroy' }).catch(() => undefined);
    };
    await Promise.all([destroy('client', await this.#client), destroy('server', this.#serverSocketId)]);
    if (this.#serverId !== undefined) {
      events.offAccepted(this.#serverId);
      await agent.unlisten(this.#serverId);
    }
    events.removeRecording(this.#recording);
  }
}

async function listen(
  server: PairOptions['server'],
  driven: boolean,
  { agent }: SharedLab,
): Promise<Listener> {
  if (isEndpoint(server)) return { endpoint: server };
  if (server === 'nobody') return { endpoint: { address: LOOPBACK, port: await freePort(agent) } };
  const { serverId, endpoint } = await agent.listen({ module: moduleOf('servers', server), driven });
  return { endpoint, serverId };
}

/** A port on which the server peer has listened and no longer does. */
export async function freePort(agent: SharedLab['agent']): Promise<number> {
  const { serverId, endpoint } = await agent.listen({
    module: moduleOf('servers', 'never-ends'),
    driven: true,
  });
  await agent.unlisten(serverId);
  return endpoint.port;
}

function isEndpoint(server: PairOptions['server']): server is Endpoint {
  return typeof server === 'object' && !(server instanceof URL);
}
