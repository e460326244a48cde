import { execa } from 'execa';
import { FinwaitError } from '../errors.ts';
import { findProgram, installCommand } from '../install-hint.ts';
import { COUNT_MARKS, dropText, duplicateText, keepText } from './gate-text.ts';
import type { Host } from './host.ts';
import { emptyBucket, keepLate, letOut } from './kept-segments.ts';
import type { FaultRule } from './protocol.ts';

/**
 * nft rules that decide what becomes of chosen segments. They sit where every host receives, behind the tap:
 * a segment that is dropped is on the wire and in the capture, and was never received. TCP sends it again, so a
 * release lets it pass at the next retransmission.
 */
export class Gates {
  readonly #hosts: readonly Host[];
  readonly #released = new Map<number, () => Promise<void>>();
  /** Of the gates that count now. */
  readonly #marks = new Set<number | undefined>();
  #lastId = 0;
  /** Rules that are being deleted, though they do nothing any more. */
  #tidying: Promise<unknown> = Promise.resolve();

  constructor(hosts: readonly Host[]) {
    this.#hosts = hosts;
  }

  /** @returns the gate's id and the monotonic time from which it surely holds. */
  async set(rule: FaultRule): Promise<{ gateId: number; atNs: bigint }> {
    await this.#tidying;
    const gateId = ++this.#lastId;
    if (rule.action === 'keep') await this.#keep(gateId, rule);
    else if (rule.action === 'duplicate') {
      const textOf = ({ device }: Host): string => duplicateText(gateId, rule, device);
      await this.#apply(gateId, textOf, { family: 'netdev' });
    } else await this.#drop(gateId, rule);
    return { gateId, atNs: process.hrtime.bigint() };
  }

  /** Nothing reaches this host, and nothing that it sends leaves it. @returns the gate's id, as above */
  async unplug(host: Host): Promise<{ gateId: number; atNs: bigint }> {
    const gateId = ++this.#lastId;
    const textOf = ({ device }: Host): string => unpluggedText(gateId, device);
    await this.#apply(gateId, textOf, { family: 'netdev', hosts: [host] });
    return { gateId, atNs: process.hrtime.bigint() };
  }

  /** @returns the monotonic time from which the gate surely does nothing any more. */
  async release(gateId: number): Promise<{ atNs: bigint }> {
    await this.#released.get(gateId)?.();
    this.#released.delete(gateId);
    return { atNs: process.hrtime.bigint() };
  }

  async #drop(gateId: number, rule: FaultRule): Promise<void> {
    const mark = rule.nth === undefined ? undefined : this.#takeMark();
    try {
      await this.#apply(gateId, ({ device }) => dropText(gateId, rule, { device, mark }), {
        family: 'inet',
        released: () => this.#marks.delete(mark),
      });
    } catch (error) {
      this.#marks.delete(mark);
      throw error;
    }
  }

  #takeMark(): number {
    const mark = COUNT_MARKS.find((each) => !this.#marks.has(each));
    if (mark === undefined) {
      throw new FinwaitError(
        'ERR_FINWAIT_PEER_COMMAND',
        `a gate that counts: ${COUNT_MARKS.length} count already, and nft has no mark for another`,
        { hint: 'Release one of them first.' },
      );
    }
    this.#marks.add(mark);
    return mark;
  }

  async #keep(gateId: number, rule: FaultRule): Promise<void> {
    for (const host of this.#hosts) {
      const { priority } = await keepLate(host, gateId);
      await nft(host, keepText(gateId, rule, priority));
      await emptyBucket(host, gateId);
    }
    this.#released.set(gateId, async () => {
      for (const host of this.#hosts) {
        await letOut(host, gateId);
        // Only then, so that what is sent meanwhile goes behind what was kept; and nobody needs to wait for it: what
        // still goes that way keeps nothing back any more.
        this.#tidying = Promise.all([this.#tidying, nft(host, `delete table inet finwait_gate${gateId}`)]);
        // Whoever sets the next rule hears of it.
        this.#tidying.catch(() => undefined);
      }
    });
  }

  /** A table a gate, on each host: deleting it deletes all that is in it. */
  async #apply(
    gateId: number,
    textOf: (host: Host) => string,
    { family, hosts = this.#hosts, released }: Application,
  ): Promise<void> {
    await Promise.all(hosts.map((host) => nft(host, textOf(host))));
    this.#released.set(gateId, async () => {
      await Promise.all(hosts.map((host) => nft(host, `delete table ${family} finwait_gate${gateId}`)));
      released?.();
    });
  }
}

interface Application {
  readonly family: 'inet' | 'netdev';
  /** @default all of them */
  readonly hosts?: readonly Host[];
  readonly released?: () => void;
}

function unpluggedText(gateId: number, device: string): string {
  const chain = (hook: string): string =>
    `chain ${hook} { type filter hook ${hook} device "${device}" priority 0; policy drop; }`;
  return `table netdev finwait_gate${gateId} {\n  ${chain('ingress')}\n  ${chain('egress')}\n}`;
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
