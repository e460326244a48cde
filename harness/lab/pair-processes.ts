import { FinwaitError } from '../errors.ts';
import type { Side } from '../model/connection.ts';
import { withDeadline } from '../timing.ts';
import type { PairEnds } from './pair-ends.ts';
import type { PeerName } from './protocol.ts';
import type { SharedLab } from './shared-lab.ts';

/** Every lab's own, in which all sockets live that are given no other. */
const SHARED_PEERS: readonly PeerName[] = ['client', 'server'] satisfies readonly Side[];

/** These stop a process, or let it run on, and end none. */
const NO_END: readonly NodeJS.Signals[] = ['SIGSTOP', 'SIGTSTP', 'SIGTTIN', 'SIGTTOU', 'SIGCONT'];

/** What is done to the processes at a pair's ends from outside of them. */
export class PairProcesses {
  readonly #lab: SharedLab;
  readonly #ends: PairEnds;
  readonly #frozen = new Set<Side>();

  constructor(lab: SharedLab, ends: PairEnds) {
    this.#lab = lab;
    this.#ends = ends;
  }

  async kill(side: Side, signal: NodeJS.Signals): Promise<void> {
    if (NO_END.includes(signal))
      throw new TypeError(`${signal} ends no process; freeze() and thaw() send it`);
    const killed = this.#lab.agent.killPeer(this.#ownProcess(side, signal), signal);
    this.#frozen.delete(side);
    const { atNs } = await withDeadline(killed, { what: `the end of the ${side} peer by ${signal}` });
    this.#report(side, signal, atNs);
  }

  async freeze(side: Side): Promise<void> {
    await this.#setFrozen(side, true);
    this.#frozen.add(side);
  }

  async thaw(side: Side): Promise<void> {
    await this.#setFrozen(side, false);
    this.#frozen.delete(side);
  }

  get frozen(): readonly Side[] {
    return [...this.#frozen];
  }

  async #setFrozen(side: Side, frozen: boolean): Promise<void> {
    const signal = frozen ? 'SIGSTOP' : 'SIGCONT';
    const told = this.#lab.agent.freezePeer(this.#ownProcess(side, signal), frozen);
    const { atNs } = await withDeadline(told, { what: `${signal} to the ${side} peer` });
    this.#report(side, signal, atNs);
  }

  /** @throws FinwaitError where others live in that process */
  #ownProcess(side: Side, signal: NodeJS.Signals): PeerName {
    const peer = this.#ends.peerOf(side);
    if (peer === undefined) {
      throw new FinwaitError(
        'ERR_FINWAIT_PEER_COMMAND',
        `${side} ${signal}: no peer of the lab is at that end`,
      );
    }
    if (SHARED_PEERS.includes(peer)) {
      throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', `${side} ${signal}: it shares its process`, {
        hint: 'Give it a process of its own: {behaviour, peer: "victim"}.',
      });
    }
    return peer;
  }

  #report(side: Side, signal: NodeJS.Signals, atNs: bigint): void {
    const { recording } = this.#ends;
    const { client, server } = recording;
    const ends = side === 'client' ? { local: client, peer: server } : { local: server, peer: client };
    recording.addReport(side, {
      atNs,
      kind: 'call',
      name: signal,
      by: 'program',
      ...(ends.local && { local: ends.local }),
      ...(ends.peer && { peer: ends.peer }),
    });
  }
}
