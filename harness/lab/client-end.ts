import { FinwaitError } from '../errors.ts';
import type { Side } from '../model/connection.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { ClientOptions, SocketCommand, SocketId } from '../peer/protocol.ts';
import { type WaitOptions, withDeadline } from '../timing.ts';
import { moduleOf } from './behaviours.ts';
import type { ClientChoice } from './pair-options.ts';
import type { PeerName } from './protocol.ts';
import type { Recording } from './recording.ts';
import type { SharedLab } from './shared-lab.ts';

interface ClientContext {
  readonly driven: boolean;
  readonly lab: SharedLab;
}

/** A socket that connects: a pair's client, and in a simultaneous open the other end too. */
export class ClientEnd {
  readonly peer: PeerName;
  readonly #side: Side;
  readonly #socketId: SocketId;
  readonly #module: string;
  readonly #options: ClientOptions;
  readonly #driven: boolean;
  readonly #lab: SharedLab;
  #connecting: Promise<Endpoint | undefined> | undefined;

  /** @param side the host that it is on, and the peer if it names none */
  static async open(side: Side, choice: ClientChoice, context: ClientContext): Promise<ClientEnd> {
    const end = new ClientEnd(side, choice, context);
    if (end.peer !== side) await context.lab.agent.startPeer(end.peer, side);
    return end;
  }

  private constructor(
    side: Side,
    { behaviour, options = {}, peer = side }: ClientChoice,
    { driven, lab }: ClientContext,
  ) {
    this.peer = peer;
    this.#side = side;
    this.#socketId = String(lab.nextId());
    this.#module = moduleOf('clients', behaviour);
    this.#options = options;
    this.#driven = driven;
    this.#lab = lab;
  }

  /** Where it is told to bind; the other end of a simultaneous open connects to it. Port 0 is any. */
  get boundTo(): Endpoint {
    const { localAddress = this.#lab.addressOf(this.#side), localPort = 0 } = this.#options;
    return { address: localAddress, port: localPort };
  }

  reportTo(recording: Recording): void {
    this.#lab.events.ownSocket(this.peer, this.#socketId, { recording, side: this.#side });
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
      const what = `${this.#side} ${command.verb}: it has not connected yet`;
      throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', what, {
        hint: `Call pair.${this.#side}.connect() first.`,
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
