import { execa } from 'execa';
import { FinwaitError } from '../errors.ts';
import { findProgram, installCommand } from '../install-hint.ts';
import type { Damage } from '../model/evidence.ts';
import { COUNT_MARKS, dropTable, duplicateTable, type GateTable, keepText } from './gate-text.ts';
import type { Host } from './host.ts';
import type { FaultRule } from './protocol.ts';
import type { SlowQueue } from './send-queues.ts';

/**
 * nft rules that decide what becomes of chosen segments. They sit where every host receives, behind the tap:
 * a segment that is dropped is on the wire and in the capture, and was never received. TCP sends it again, so a
 * release lets it pass at the next retransmission.
 */
export class Gates {
  readonly #hosts: readonly Host[];
  readonly #released = new Map<number, () => Promise<void>>();
  /** Of the gates that count now, by gate. */
  readonly #marks = new Map<number, number>();
  readonly #shut = new Set<SlowQueue>();
  readonly #tellDamage: (damage: Damage) => void;
  #lastId = 0;

  constructor(hosts: readonly Host[], tellDamage: (damage: Damage) => void) {
    this.#hosts = hosts;
    this.#tellDamage = tellDamage;
  }

  /** @returns the gate's id and the monotonic time from which it surely holds. */
  async set(rule: FaultRule): Promise<{ gateId: number; atNs: bigint }> {
    const gateId = ++this.#lastId;
    if (rule.action === 'keep') await this.#keep(gateId, rule);
    else if (rule.action === 'duplicate') {
      await this.#apply(gateId, ({ device }) => duplicateTable(gateId, rule, device));
    } else await this.#drop(gateId, rule);
    return { gateId, atNs: process.hrtime.bigint() };
  }

  /** Nothing reaches this host, and nothing that it sends leaves it. @returns the gate's id, as above */
  async unplug(host: Host): Promise<{ gateId: number; atNs: bigint }> {
    const gateId = ++this.#lastId;
    await this.#apply(gateId, () => unpluggedText(gateId, host.device), [host]);
    return { gateId, atNs: process.hrtime.bigint() };
  }

  /** @returns the monotonic time from which the gate surely does nothing any more. */
  async release(gateId: number): Promise<{ atNs: bigint }> {
    await this.#released.get(gateId)?.();
    this.#released.delete(gateId);
    this.#marks.delete(gateId);
    return { atNs: process.hrtime.bigint() };
  }

  /** What was to be kept, and is lost or may have left by itself, is told as damage before it resolves. */
  async checkKept(): Promise<void> {
    await Promise.all([...this.#shut].map((queue) => this.#checkQueue(queue)));
  }

  async #checkQueue(queue: SlowQueue): Promise<void> {
    const detail = await queue.failure();
    if (detail !== undefined) this.#tellDamage({ lane: 'wire', kind: 'gate-leaked', detail });
  }

  async #drop(gateId: number, rule: FaultRule): Promise<void> {
    const mark = rule.nth === undefined ? undefined : this.#takeMark(gateId);
    try {
      await this.#apply(gateId, ({ device }) => dropTable(gateId, rule, { device, mark }));
    } catch (error) {
      this.#marks.delete(gateId);
      throw error;
    }
  }

  #takeMark(gateId: number): number {
    const taken = new Set(this.#marks.values());
    const mark = COUNT_MARKS.find((each) => !taken.has(each));
    if (mark === undefined) {
      throw new FinwaitError(
        'ERR_FINWAIT_PEER_COMMAND',
        `a gate that counts: ${COUNT_MARKS.length} count already, and nft has no mark for another`,
        { hint: 'Release one of them first.' },
      );
    }
    this.#marks.set(gateId, mark);
    return mark;
  }

  async #keep(gateId: number, rule: FaultRule): Promise<void> {
    await this.#onEach(gateId, this.#hosts, (host) => this.#keepOn(host, gateId, rule));
  }

  async #keepOn(host: Host, gateId: number, rule: FaultRule): Promise<Undo> {
    const queue = await host.queues.add();
    const removeTable = async (): Promise<void> => {
      await nft(host, `delete table inet finwait_gate${gateId}`);
    };
    try {
      await nft(host, keepText(gateId, rule, queue));
    } catch (error) {
      await queue.remove();
      throw error;
    }
    await queue.shut();
    this.#shut.add(queue);
    return async () => {
      await this.#checkQueue(queue);
      this.#shut.delete(queue);
      await queue.letOut();
      // Only then, so that what is sent meanwhile goes behind what was kept.
      await removeTable();
      await queue.remove();
    };
  }

  /** A table a gate, on each host: deleting it deletes all that is in it. */
  async #apply(
    gateId: number,
    tableOf: (host: Host) => GateTable,
    hosts: readonly Host[] = this.#hosts,
  ): Promise<void> {
    await this.#onEach(gateId, hosts, async (host) => {
      const { family, text } = tableOf(host);
      await nft(host, text);
      return async () => {
        await nft(host, `delete table ${family} finwait_gate${gateId}`);
      };
    });
  }

  /** On all of the hosts or on none. */
  async #onEach(gateId: number, hosts: readonly Host[], set: (host: Host) => Promise<Undo>): Promise<void> {
    const settled = await Promise.allSettled(hosts.map(set));
    const undos = settled.filter((each) => each.status === 'fulfilled').map(({ value }) => value);
    const undoAll = async (): Promise<void> => {
      await Promise.all(undos.map((undo) => undo()));
    };
    const refusal = settled.find((each) => each.status === 'rejected');
    if (refusal !== undefined) {
      await undoAll();
      throw refusal.reason;
    }
    this.#released.set(gateId, undoAll);
  }
}

/** Takes back what was done to one host. */
type Undo = () => Promise<void>;

function unpluggedText(gateId: number, device: string): GateTable {
  const chain = (hook: string): string =>
    `chain ${hook} { type filter hook ${hook} device "${device}" priority 0; policy drop; }`;
  const text = `table netdev finwait_gate${gateId} {\n  ${chain('ingress')}\n  ${chain('egress')}\n}`;
  return { family: 'netdev', text };
}

async function nft({ enter }: Host, commands: string): Promise<void> {
  const path = findProgram('nft');
  if (path === undefined) {
    throw new FinwaitError('ERR_FINWAIT_TOOL_MISSING', 'nft is not installed; gates need it', {
      hint: `Install it: ${installCommand('nftables')}`,
    });
  }
  const [program, ...args] = [...enter, path, '-f', '-'];
  const { failed, stderr, shortMessage } = await execa(program, args, { input: commands, reject: false });
  if (!failed) return;
  throw new FinwaitError(
    'ERR_FINWAIT_NEEDS_PRIVATE_NETWORK',
    `nft refused a gate: ${stderr || (shortMessage ?? '')}`,
    {
      hint: 'Gates need a private network; `finwait doctor` says what this machine grants.',
    },
  );
}
