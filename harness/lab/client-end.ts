import { FinwaitError } from '../errors.ts';
import type { Side } from '../model/connection.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { ClientOptions, SocketCommand, SocketId } from '../peer/protocol.ts';
import { type WaitOptions, withDeadline } from '../timing.ts';
import { moduleOf } from './behaviours.ts';
import type { SharedLab } from './pair-connection.ts';
import type { ClientChoice } from './pair-options.ts';
import { LOOPBACK, type PeerName } from './protocol.ts';
import type { Recording } from './recording.ts';

/** A socket that connects: a pair's client, and in a simultaneous open the other end too. */
export class ClientEnd {
  readonly peer: PeerName;
  readonly #socketId: SocketId;
  readonly #module: string;
  readonly #options: ClientOptions;
  readonly #driven: boolean;
  readonly #lab: SharedLab;
  #connecting: Promise<Endpoint | undefined> | undefined;

  /** @param side the host that it is on, and the peer if it names none */
  static async open(
    side: Side,
    choice: ClientChoice,
    context: { readonly driven: boolean; readonly lab: SharedLab; readonly localPort?: number },
  ): Promise<ClientEnd> {
    const end = new ClientEnd(side, choice, context);
    if (end.peer !== side) await context.lab.agent.startPeer(end.peer, side);
    return end;
  }

  private constructor(
    side: Side,
    { behaviour, options, peer = side }: ClientChoice,
    {
      driven,
      lab,
      localPort,
    }: { readonly driven: boolean; readonly lab: SharedLab; readonly localPort?: number },
  ) {
    this.peer = peer;
    this.#socketId = String(lab.nextId());
    this.#module = moduleOf('clients', behaviour);
    this.#options = { ...options, ...(localPort !== undefined && { localPort }) };
    this.#driven = driven;
    this.#lab = lab;
  }

  /** Where it is told to bind; the other end of a simultaneous open connects to it. */
  get boundTo(): Endpoint {
    return { address: this.#options.localAddress ?? LOOPBACK, port: this.#options.localPort ?? 0 };
  }

  reportTo(recording: Recording, side: Side): void {
    this.#lab.events.ownSocket(this.peer, this.#socketId, { recording, side });
  }

  /** Starts to connect. @returns its own end, where the kernel has given it one */
  async connect(to: Endpoint): Promise<Endpoint | undefined> {
    this.#connecting ??= this.#lab.agent.connect(this.peer, {
      socketId: this.#socketId,
      module: this.#module,
      driven: this.#driven,
      to,
      options: this.#options,
    });
    return await withDeadline(this.#connecting, { what: `the ${this.peer} peer’s answer to connect` });
  }

  async tell(command: SocketCommand, options: WaitOptions): Promise<void> {
    if (this.#connecting === undefined) {
      throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', `client ${command.verb}: it has not connected yet`, {
        hint: 'Call pair.client.connect() first.',
      });
    }
    await this.#connecting;
    const told = this.#lab.agent.tell(this.peer, this.#socketId, command);
    await withDeadline(told, { what: `the ${this.peer} peer’s answer to ${command.verb}` }, options);
  }

  async close(): Promise<void> {
    try {
      await this.#connecting;
    } catch {
      return; // connect() has told its caller why there is no socket
    }
    if (this.#connecting !== undefined)
      await this.#lab.agent.tell(this.peer, this.#socketId, { verb: 'destroy' });
  }
}
