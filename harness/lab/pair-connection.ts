import type { BirpcReturn } from 'birpc';
import { FinwaitError, isFinwaitError } from '../errors.ts';
import type { SocketFilter } from '../kernel/sampler.ts';
import type { Side } from '../model/connection.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { NetworkSetting } from '../model/evidence.ts';
import type { ClockReading, Hold, SocketSnapshot } from '../model/observation.ts';
import type { RunEvidence } from '../model/run-evidence.ts';
import { rejectUnknownOptions } from '../options.ts';
import type { SocketCommand } from '../peer/protocol.ts';
import { type WaitOptions, withDeadline } from '../timing.ts';
import { moduleOf } from './behaviours.ts';
import { ClientEnd } from './client-end.ts';
import type { LabEvents } from './lab-events.ts';
import { LabServer } from './lab-server.ts';
import type { Gate } from './gate.ts';
import { Pair, type PairHost } from './pair.ts';
import {
  clientChoice,
  type ClientChoice,
  type PairOptions,
  type ServerKind,
  serverKind,
} from './pair-options.ts';
import type { AgentEvents, AgentFunctions, FaultRule, PeerName } from './protocol.ts';
import { Recording } from './recording.ts';

/** What a pair shares with the other pairs of its lab. */
export interface SharedLab {
  readonly agent: BirpcReturn<AgentFunctions, AgentEvents>;
  readonly events: LabEvents;
  readonly clockReadings: readonly ClockReading[];
  readonly holds: () => readonly Hold[];
  /** Those that were not the usual ones at some time since. */
  readonly settingsSince: (atNs: bigint) => readonly NetworkSetting[];
  /** A name for a server or socket that no other of this lab has. */
  readonly nextId: () => number;
  readonly fence: (options: WaitOptions) => Promise<void>;
  readonly fault: (rule: FaultRule) => Promise<Gate>;
}

/** Both ends of a pair, before either does anything. */
interface Ends {
  readonly client: ClientEnd;
  /** Where the client connects to. */
  readonly endpoint: Endpoint;
  /** A server of the lab's that listens there. */
  readonly listening?: { readonly server: LabServer; readonly isOwn: boolean };
  /** A second client there, which connects to the first. */
  readonly dialling?: ClientEnd;
}

/** The pair's side towards the lab: which sockets it has, what they report, how to tell them. */
export class PairConnection implements PairHost {
  readonly pair: Pair;
  readonly #lab: SharedLab;
  readonly #recording: Recording;
  readonly #ends: Ends;
  readonly #gates = new Set<Gate>();
  readonly #frozen = new Set<Side>();
  #stopped: Promise<void> | undefined;

  /** @throws TypeError for an unknown option or behaviour */
  static async open(options: PairOptions, lab: SharedLab): Promise<PairConnection> {
    rejectUnknownOptions(options, ['server', 'client', 'driven']);
    const { driven = true } = options;
    const choice = clientChoice(options.client);
    // A behaviour that is misspelt is found before anything listens.
    moduleOf('clients', choice.behaviour);
    return new PairConnection(await openEnds(serverKind(options.server), choice, driven, lab), lab);
  }

  private constructor(ends: Ends, lab: SharedLab) {
    this.#lab = lab;
    this.#ends = ends;
    this.#recording = new Recording(ends.endpoint);
    this.pair = new Pair(this, this.#recording);
    lab.events.addRecording(this.#recording);
    if (ends.listening !== undefined) lab.events.followServer(ends.listening.server.id, this.#recording);
    ends.client.reportTo(this.#recording, 'client');
    if (ends.dialling !== undefined) {
      ends.dialling.reportTo(this.#recording, 'server');
      // Either end is told where to bind, so that the other can connect to it.
      this.#recording.confirmClient(ends.client.boundTo);
    }
  }

  async connect(side: Side): Promise<void> {
    this.#requireOpen(`${side} connect`);
    const { client, dialling, endpoint, listening } = this.#ends;
    this.#recording.followConnection();
    if (side === 'client') {
      const local = await client.connect(endpoint);
      if (local !== undefined) this.#recording.confirmClient(local);
      listening?.server.clientKnown();
    } else if (dialling === undefined) {
      throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', 'server connect: this pair’s server does not dial');
    } else await dialling.connect(client.boundTo);
  }

  async tell(side: Side, command: SocketCommand, options: WaitOptions = {}): Promise<void> {
    const { client, dialling, listening } = this.#ends;
    if (side === 'client') await client.tell(command, options);
    else if (dialling !== undefined) await dialling.tell(command, options);
    else if (listening === undefined) {
      throw new FinwaitError(
        'ERR_FINWAIT_PEER_COMMAND',
        `server ${command.verb}: this pair's server is not a driven peer`,
      );
    } else {
      const { server } = listening;
      const what = `the server's accepted socket (to ${command.verb})`;
      const accepted = server.socketOf(() => this.#recording.client);
      const socketId = await withDeadline(
        accepted,
        { what, lastSeen: () => this.#recording.lastSeen() },
        options,
      );
      const told = this.#lab.agent.tell(server.peer, socketId, command);
      await withDeadline(told, { what: `the server peer’s answer to ${command.verb}` }, options);
    }
  }

  get listening(): LabServer | undefined {
    return this.#ends.listening?.server;
  }

  async kill(side: Side, signal: NodeJS.Signals): Promise<void> {
    const killed = this.#lab.agent.killPeer(this.#ownProcess(side, signal), signal);
    const { atNs } = await withDeadline(killed, { what: `the end of the ${side} peer by ${signal}` });
    this.#reportSignal(side, signal, atNs);
  }

  async freeze(side: Side, frozen: boolean): Promise<void> {
    const signal = frozen ? 'SIGSTOP' : 'SIGCONT';
    const told = this.#lab.agent.freezePeer(this.#ownProcess(side, signal), frozen);
    const { atNs } = await withDeadline(told, { what: `${signal} to the ${side} peer` });
    if (frozen) this.#frozen.add(side);
    else this.#frozen.delete(side);
    this.#reportSignal(side, signal, atNs);
  }

  follow(): void {
    this.#recording.followConnection();
  }

  /** @throws FinwaitError where others live in that process */
  #ownProcess(side: Side, signal: NodeJS.Signals): PeerName {
    const { client, dialling, listening } = this.#ends;
    const peer = side === 'client' ? client.peer : (dialling?.peer ?? listening?.server.peer);
    if (peer === undefined) {
      throw new FinwaitError(
        'ERR_FINWAIT_PEER_COMMAND',
        `server ${signal}: no peer of the lab is at that end`,
      );
    }
    if (peer === side) {
      throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', `${side} ${signal}: it shares its process`, {
        hint: 'Give it a process of its own: {behaviour, peer: "victim"}.',
      });
    }
    return peer;
  }

  #reportSignal(side: Side, signal: NodeJS.Signals, atNs: bigint): void {
    const { client, server } = this.#recording;
    const ends = side === 'client' ? { local: client, peer: server } : { local: server, peer: client };
    this.#recording.addReport(side, {
      atNs,
      kind: 'call',
      name: signal,
      by: 'program',
      ...(ends.local && { local: ends.local }),
      ...(ends.peer && { peer: ends.peer }),
    });
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

  get clientPort(): number | undefined {
    const { port } = this.#recording.client ?? this.#ends.client.boundTo;
    return port === 0 ? undefined : port;
  }

  async fault(rule: FaultRule): Promise<Gate> {
    this.#requireOpen('fault');
    if (rule.nth !== undefined && this.clientPort === undefined && this.#ends.listening?.isOwn === false) {
      throw new FinwaitError(
        'ERR_FINWAIT_PEER_COMMAND',
        'a fault with nth: other clients of this server would be counted, too, while this one’s end is not known',
        {
          hint: 'Set it once the client has connected, or tell the client where to bind: {behaviour, options: {localPort: await lab.freePort()}}.',
        },
      );
    }
    const gate = await this.#lab.fault(rule);
    this.#gates.add(gate);
    // Stopped meanwhile, nobody else would release it.
    if (this.#stopped !== undefined) await gate.release();
    return gate;
  }

  async killSocket(side: Side): Promise<void> {
    const { client, server } = this.#recording;
    if (client === undefined)
      throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', 'the client’s end is not known');
    const [local, peer] = side === 'client' ? [client, server] : [server, client];
    await withDeadline(this.#lab.agent.killSocket(local, peer), { what: 'ss -K' });
  }

  evidence(): RunEvidence {
    const { clockReadings, holds, settingsSince } = this.#lab;
    return this.#recording.evidence({
      clockReadings: [...clockReadings],
      holds: holds(),
      settings: settingsSince(this.#recording.beganAtNs),
    });
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

  /** A part that is gone, or does not answer, holds nothing back that could be closed from here. */
  async #close(): Promise<void> {
    const { client, dialling, listening } = this.#ends;
    // Who is frozen answers nothing that comes now.
    for (const side of this.#frozen) await settle(this.freeze(side, false));
    const closing = [
      ...[...this.#gates].map((gate) => gate.release()),
      client.close(),
      ...(dialling === undefined ? [] : [dialling.close()]),
      ...(listening?.isOwn === true ? [listening.server.stop()] : []),
    ];
    try {
      await withDeadline(Promise.all(closing.map(settle)), { what: 'the end of a pair' });
    } catch (error) {
      if (!isFinwaitError(error)) throw error;
    } finally {
      this.#lab.events.removeRecording(this.#recording);
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

async function openEnds(
  kind: ServerKind,
  choice: ClientChoice,
  driven: boolean,
  lab: SharedLab,
): Promise<Ends> {
  const clientOf = async (localPort?: number): Promise<ClientEnd> =>
    await ClientEnd.open('client', choice, { driven, lab, ...(localPort !== undefined && { localPort }) });
  switch (kind.kind) {
    case 'nobody':
      return { client: await clientOf(), endpoint: await freeEndpoint(lab) };
    case 'foreign':
      return { client: await clientOf(), endpoint: kind.endpoint };
    case 'listening':
      return {
        client: await clientOf(),
        endpoint: kind.server.endpoint,
        listening: { server: kind.server, isOwn: false },
      };
    case 'program': {
      const server = await LabServer.open(kind.choice, driven, lab);
      return { client: await clientOf(), endpoint: server.endpoint, listening: { server, isOwn: true } };
    }
    case 'dialling': {
      const [near, far] = [await freeEndpoint(lab), await freeEndpoint(lab)];
      const dialling = await ClientEnd.open('server', kind.client, { driven, lab, localPort: far.port });
      return { client: await clientOf(near.port), endpoint: far, dialling };
    }
  }
}

/** An endpoint on which a server peer has listened and no longer does. */
export async function freeEndpoint(lab: Pick<SharedLab, 'agent' | 'nextId'>): Promise<Endpoint> {
  const serverId = lab.nextId();
  const choice = { serverId, module: moduleOf('servers', 'never-ends'), driven: true };
  const listening = lab.agent.listen('server', choice);
  const endpoint = await withDeadline(listening, { what: 'the server peer’s listener' });
  await withDeadline(lab.agent.unlisten('server', serverId), {
    what: 'the end of the server peer’s listener',
  });
  return endpoint;
}
