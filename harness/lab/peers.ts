import { FinwaitError, isFinwaitError } from '../errors.ts';
import { type Peer, startPeer } from '../peer/parent.ts';
import type { PeerEvents } from '../peer/protocol.ts';
import type { AgentEvents, PeerName } from './protocol.ts';

type Told = Pick<AgentEvents, 'accepted' | 'serverReport' | 'report' | 'damage'>;

/** The peer processes of a lab, by name. */
export class Peers {
  readonly #told: Told;
  readonly #peers = new Map<PeerName, Peer>();
  readonly #frozen = new Set<PeerName>();

  constructor(told: Told) {
    this.#told = told;
  }

  /** @param prefix what to start it with: the host it runs on, the CPU */
  start(name: PeerName, prefix: readonly string[]): void {
    if (this.#peers.has(name)) return;
    const told = this.#told;
    const events: PeerEvents = {
      accepted: (serverId, socketId, client) => {
        told.accepted(serverId, socketId, client);
      },
      serverReport: (serverId, report) => {
        told.serverReport(serverId, report);
      },
      report: (socketId, report) => {
        told.report(name, socketId, report);
      },
    };
    const peer = startPeer(events, { name, prefix });
    this.#peers.set(name, peer);
    void peer.ended.then(({ reason }) => {
      if (reason === undefined) return;
      told.damage({ lane: 'node', kind: 'reports-lost', detail: `the ${name} peer ended: ${reason}` });
    });
  }

  /** A peer that dies during a call: its end is told as damage before the call is answered. */
  async ask<T>(name: PeerName, call: (peer: Peer['functions']) => Promise<T>): Promise<T> {
    const peer = this.#peers.get(name);
    if (peer === undefined) {
      throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', `there is no peer "${name}" (any more)`);
    }
    try {
      return await call(peer.functions);
    } catch (error) {
      if (isFinwaitError(error) && error.code === 'ERR_FINWAIT_PROCESS_ENDED') await peer.ended;
      throw error;
    }
  }

  /**
   * All that they have reported is told before it resolves; who does not answer is dead, and told as damage. One that
   * is frozen has told all before it was.
   */
  async check(): Promise<void> {
    const running = [...this.#peers.keys()].filter((name) => !this.#frozen.has(name));
    await Promise.allSettled(running.map((name) => this.ask(name, (peer) => peer.answer())));
  }

  /** SIGSTOP: its event loop stands still, and its kernel goes on without it. */
  async freeze(name: PeerName): Promise<{ atNs: bigint }> {
    await this.ask(name, (peer) => peer.answer());
    const atNs = process.hrtime.bigint();
    this.#peers.get(name)?.signal('SIGSTOP');
    this.#frozen.add(name);
    return { atNs };
  }

  thaw(name: PeerName): { atNs: bigint } {
    const atNs = process.hrtime.bigint();
    this.#peers.get(name)?.signal('SIGCONT');
    this.#frozen.delete(name);
    return { atNs };
  }

  /**
   * Ends it by a signal, as it was told to; what it reported before is told before it resolves. One that stands still
   * runs on for it.
   */
  async kill(name: PeerName, signal: NodeJS.Signals): Promise<{ atNs: bigint }> {
    if (!this.#frozen.has(name)) await this.ask(name, (peer) => peer.answer());
    const atNs = process.hrtime.bigint();
    const ending = this.#peers.get(name)?.stop(signal);
    // Any signal but SIGKILL waits until it runs on.
    if (this.#frozen.delete(name)) this.#peers.get(name)?.signal('SIGCONT');
    await ending;
    this.#peers.delete(name);
    return { atNs };
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#peers.values()].map((peer) => peer.stop()));
  }
}
