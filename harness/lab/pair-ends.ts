import { FinwaitError, isFinwaitError } from '../errors.ts';
import type { Side } from '../model/connection.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { rejectUnknownOptions } from '../options.ts';
import type { SocketCommand } from '../peer/protocol.ts';
import { type WaitOptions, withDeadline } from '../timing.ts';
import { moduleOf } from './behaviours.ts';
import { ClientEnd } from './client-end.ts';
import { freeEndpoint } from './free-endpoint.ts';
import { LabServer } from './lab-server.ts';
import {
  clientChoice,
  type ClientChoice,
  type PairOptions,
  type ServerKind,
  serverKind,
} from './pair-options.ts';
import type { PeerName } from './protocol.ts';
import { Recording } from './recording.ts';
import type { SharedLab } from './shared-lab.ts';

/** Both ends of a pair, before either does anything. */
interface Ends {
  readonly client: ClientEnd;
  /** Where the client connects to. */
  readonly endpoint: Endpoint;
  /** A server of the lab's that listens there. */
  readonly listening?: { readonly server: LabServer; readonly isOwn: boolean };
  /** True where a program listens that is none of the lab's. */
  readonly isForeign?: boolean;
  /** A second client there, which connects to the first. */
  readonly dialling?: ClientEnd;
}

/** The programs at a pair's two ends: how to tell them, and where what they report goes. */
export class PairEnds {
  readonly recording: Recording;
  readonly #lab: SharedLab;
  readonly #ends: Ends;

  /** @throws TypeError for an unknown option or behaviour */
  static async open(options: PairOptions, lab: SharedLab): Promise<PairEnds> {
    rejectUnknownOptions(options, ['server', 'client', 'driven']);
    const { driven = true } = options;
    const choice = clientChoice(options.client);
    // A behaviour that is misspelt is found before anything listens.
    moduleOf('clients', choice.behaviour);
    return new PairEnds(await openEnds(serverKind(options.server), choice, driven, lab), lab);
  }

  private constructor(ends: Ends, lab: SharedLab) {
    this.#lab = lab;
    this.#ends = ends;
    this.recording = new Recording(ends.endpoint);
    lab.events.addRecording(this.recording);
    if (ends.listening !== undefined) lab.events.followServer(ends.listening.server.id, this.recording);
    ends.client.reportTo(this.recording);
    if (ends.dialling !== undefined) {
      ends.dialling.reportTo(this.recording);
      // Either end is told where to bind, so that the other can connect to it.
      this.recording.confirmClient(ends.client.boundTo);
    }
  }

  get server(): LabServer | undefined {
    return this.#ends.listening?.server;
  }

  /** Of the client's end: where it is known, or told to bind. */
  get clientPort(): number | undefined {
    const { port } = this.recording.client ?? this.#ends.client.boundTo;
    return port === 0 ? undefined : port;
  }

  /**
   * No other client's segments are with this pair's, and none will be until the result is called.
   * @returns undefined where other clients than this pair's may connect to its server
   */
  countForOne(): (() => void) | undefined {
    if (this.clientPort !== undefined) return () => undefined;
    const { listening, isForeign } = this.#ends;
    if (isForeign === true || listening?.isOwn === false) return undefined;
    return listening === undefined ? () => undefined : listening.server.countForOne();
  }

  /** The process at that side; undefined where it is none of the lab's. */
  peerOf(side: Side): PeerName | undefined {
    const { client, dialling } = this.#ends;
    return side === 'client' ? client.peer : (dialling?.peer ?? this.server?.peer);
  }

  async connect(side: Side): Promise<void> {
    const { client, dialling, endpoint } = this.#ends;
    this.recording.followConnection();
    if (side === 'client') {
      const local = await client.connect(endpoint);
      if (local !== undefined) this.recording.confirmClient(local);
      this.server?.clientKnown();
    } else if (dialling === undefined) {
      throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', 'server connect: this pair’s server does not dial');
    } else await dialling.connect(client.boundTo);
  }

  async tell(side: Side, command: SocketCommand, options: WaitOptions = {}): Promise<void> {
    const { client, dialling } = this.#ends;
    if (side === 'client') await client.tell(command, options);
    else if (dialling !== undefined) await dialling.tell(command, options);
    else if (this.server !== undefined) await this.#tellAccepted(this.server, command, options);
    else {
      throw new FinwaitError(
        'ERR_FINWAIT_PEER_COMMAND',
        `server ${command.verb}: this pair's server is not a driven peer`,
      );
    }
  }

  /** A part that is gone, or does not answer, holds nothing back that could be closed from here. */
  async close(): Promise<void> {
    const { client, dialling, listening } = this.#ends;
    const closing = [
      client.close(),
      ...(dialling === undefined ? [] : [dialling.close()]),
      ...(listening?.isOwn === true ? [listening.server.stop()] : []),
    ];
    try {
      await withDeadline(Promise.all(closing.map(settle)), { what: 'the end of a pair' });
    } catch (error) {
      if (!isFinwaitError(error)) throw error;
    } finally {
      listening?.server.removePair();
      this.#lab.events.removeRecording(this.recording);
    }
  }

  async #tellAccepted(server: LabServer, command: SocketCommand, options: WaitOptions): Promise<void> {
    const what = `the server's accepted socket (to ${command.verb})`;
    const accepted = server.socketOf(() => this.recording.client);
    const socketId = await withDeadline(
      accepted,
      { what, lastSeen: () => this.recording.lastSeen() },
      options,
    );
    const told = this.#lab.agent.tell(server.peer, socketId, command);
    await withDeadline(told, { what: `the server peer’s answer to ${command.verb}` }, options);
  }
}

/** Fulfilled even when a FinwaitError says that the lab, a peer or a socket is gone. */
export async function settle(closing: Promise<unknown>): Promise<void> {
  try {
    await closing;
  } catch (error) {
    if (!isFinwaitError(error)) throw error;
  }
}

async function openEnds(
  kind: ServerKind,
  choice: ClientChoice,
  driven: boolean,
  lab: SharedLab,
): Promise<Ends> {
  const clientOf = async (): Promise<ClientEnd> => await ClientEnd.open('client', choice, { driven, lab });
  switch (kind.kind) {
    case 'nobody':
      return { client: await clientOf(), endpoint: await freeEndpoint('server', lab) };
    case 'foreign':
      return { client: await clientOf(), endpoint: kind.endpoint, isForeign: true };
    case 'listening': {
      const { server } = kind;
      // A server that takes no second pair now refuses before there is a client to end.
      server.addPair();
      try {
        return {
          client: await clientOf(),
          endpoint: server.endpoint,
          listening: { server, isOwn: false },
        };
      } catch (error) {
        server.removePair();
        throw error;
      }
    }
    case 'program': {
      const server = await LabServer.open(kind.choice, driven, lab);
      server.addPair();
      return { client: await clientOf(), endpoint: server.endpoint, listening: { server, isOwn: true } };
    }
    case 'dialling': {
      const dialling = await openBound('server', kind.client, driven, lab);
      const client = await openBound('client', choice, driven, lab);
      return { client, endpoint: dialling.boundTo, dialling };
    }
  }
}

/** Told where to bind, as far as its options do not. */
async function openBound(
  side: Side,
  choice: ClientChoice,
  driven: boolean,
  lab: SharedLab,
): Promise<ClientEnd> {
  const { localAddress, localPort } = choice.options ?? {};
  const free =
    localPort === undefined
      ? await freeEndpoint(side, lab, localAddress)
      : { address: localAddress ?? lab.addressOf(side), port: localPort };
  const options = { ...choice.options, localAddress: free.address, localPort: free.port };
  return await ClientEnd.open(side, { ...choice, options }, { driven, lab });
}
