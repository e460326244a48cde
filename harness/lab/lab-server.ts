import { FinwaitError } from '../errors.ts';
import { type Endpoint, formatEndpoint } from '../model/endpoint.ts';
import type { ServerCommand, SocketId } from '../peer/protocol.ts';
import { type WaitOptions, withDeadline } from '../timing.ts';
import { moduleOf } from './behaviours.ts';
import type { PeerName } from './protocol.ts';
import type { SharedLab } from './shared-lab.ts';
import { Waiters } from './waiters.ts';
import type { ServerOptions } from '../peer/protocol.ts';

/** A server program for a lab. */
export interface ServerChoice {
  /** A behaviour in `servers/` by its file name, or the URL of a behaviour module of your own. */
  readonly behaviour: string | URL;
  readonly options?: ServerOptions;
  /** Where it listens. @default the server's host: loopback, or its end of the cable */
  readonly address?: string;
  /** That another server of the lab has, or had. @default one of the lab's own, used by nobody */
  readonly port?: number;
  /** The peer process that it runs in; started if there is none of that name. @default 'server' */
  readonly peer?: PeerName;
}

/** A server that listens in a lab. Many pairs may connect to it. */
export class LabServer implements AsyncDisposable {
  readonly endpoint: Endpoint;
  readonly id: number;
  readonly peer: PeerName;
  readonly #lab: SharedLab;
  readonly #accepted = new Map<string, SocketId>();
  readonly #waiters = new Waiters();
  /** Pairs that may connect to it. */
  #pairs = 0;
  /** Gates that count what crosses between it and any client. */
  #counting = 0;
  #stopped: Promise<void> | undefined;

  private constructor(endpoint: Endpoint, id: number, peer: PeerName, lab: SharedLab) {
    this.endpoint = endpoint;
    this.id = id;
    this.peer = peer;
    this.#lab = lab;
    lab.events.addServer(id, (socketId, client) => {
      if (client !== undefined) this.#accepted.set(formatEndpoint(client), socketId);
      this.#waiters.wakeAll();
    });
  }

  /** @internal Made by `lab.listen()`. */
  static async open(choice: ServerChoice, driven: boolean, lab: SharedLab): Promise<LabServer> {
    const { behaviour, options, address, port, peer = 'server' } = choice;
    const module = moduleOf('servers', behaviour);
    const serverId = lab.nextId();
    if (peer !== 'server') await lab.agent.startPeer(peer, 'server');
    const listening = lab.agent.listen(peer, {
      serverId,
      module,
      driven,
      ...(options && { options }),
      ...(address !== undefined && { host: address }),
      ...(port !== undefined && { port }),
    });
    const endpoint = await withDeadline(listening, { what: 'the server peer’s listener' });
    return new LabServer(endpoint, serverId, peer, lab);
  }

  /**
   * @internal Another pair may connect to it from now on.
   * @throws FinwaitError ERR_FINWAIT_PEER_COMMAND while a gate counts the segments of all its clients for one pair
   */
  addPair(): void {
    if (this.#counting > 0) {
      throw new FinwaitError(
        'ERR_FINWAIT_PEER_COMMAND',
        'a second pair of this server: a fault with nth counts the segments of whatever client, for the first',
        { hint: 'Release it first, or set it once the first client has connected.' },
      );
    }
    this.#pairs++;
  }

  /** @internal */
  removePair(): void {
    this.#pairs--;
  }

  /** @internal A gate counts for its only pair. @returns how to end that; undefined where there are several pairs */
  countForOne(): (() => void) | undefined {
    if (this.#pairs > 1) return undefined;
    this.#counting++;
    return () => {
      this.#counting--;
    };
  }

  /** One call on the `net.Server`. */
  async tell(command: ServerCommand, options: WaitOptions = {}): Promise<void> {
    const told = this.#lab.agent.tellServer(this.peer, this.id, command);
    await withDeadline(told, { what: `the server peer’s answer to ${command.verb}` }, options);
  }

  /**
   * The socket that it accepted from this client; waits until there is one.
   * @param client where the client is; undefined while it is not known
   */
  async socketOf(client: () => Endpoint | undefined): Promise<SocketId> {
    for (;;) {
      const end = client();
      const socketId = end && this.#accepted.get(formatEndpoint(end));
      if (socketId !== undefined) return socketId;
      await this.#waiters.wait();
    }
  }

  /** A client has learned its own end: whoever waits for its socket looks again. */
  clientKnown(): void {
    this.#waiters.wakeAll();
  }

  /** Closes the listener and destroys what it accepted. Idempotent. */
  async stop(): Promise<void> {
    this.#stopped ??= this.#close();
    await this.#stopped;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #close(): Promise<void> {
    try {
      await this.#lab.agent.unlisten(this.peer, this.id);
    } finally {
      this.#lab.events.removeServer(this.id);
    }
  }
}
