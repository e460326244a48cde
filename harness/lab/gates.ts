import { execa } from 'execa';
import { FinwaitError } from '../errors.ts';
import { findProgram, installCommand } from '../install-hint.ts';
import type { Damage } from '../model/evidence.ts';
import { parseFlags } from '../model/segment.ts';
import type { Host } from './host.ts';
import type { FaultRule, GateFilter } from './protocol.ts';
import type { SlowQueue } from './send-queues.ts';

/**
 * nft rules that decide what becomes of chosen segments. They sit in the *input* hook of every host, behind the tap:
 * a segment that is dropped is on the wire and in the capture, and was never received. TCP sends it again, so a
 * release lets it pass at the next retransmission.
 */
export class Gates {
  readonly #hosts: readonly Host[];
  readonly #released = new Map<number, () => Promise<void>>();
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
    else await this.#apply(gateId, (host) => tableText(gateId, rule, host.device));
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
    return { atNs: process.hrtime.bigint() };
  }

  /** What was to be kept and may have left by itself is told as damage before it resolves. */
  async checkKept(): Promise<void> {
    await Promise.all([...this.#shut].map((queue) => this.#checkQueue(queue)));
  }

  async #checkQueue(queue: SlowQueue): Promise<void> {
    if (!(await queue.leaks())) return;
    const detail = 'segments that a gate kept may have left by themselves: it was shut for too long';
    this.#tellDamage({ lane: 'wire', kind: 'gate-leaked', detail });
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
    textOf: (host: Host) => { readonly family: string; readonly text: string },
    hosts: readonly Host[] = this.#hosts,
  ): Promise<void> {
    await this.#onEach(gateId, hosts, async (host) => {
      const { family, text } = textOf(host);
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

/** Longer than any run counts: `numgen` starts again behind it. */
const NEVER_AGAIN = 0xffff_ffff;
/** Tells a copy from its original, which would be copied for ever. */
const COPY_MARK = 0x66_77;

function tableText(
  gateId: number,
  rule: FaultRule,
  device: string,
): { readonly family: string; readonly text: string } {
  const { nth, action } = rule;
  const which = nth === undefined ? '' : ` ${ordinalMatch(nth)}`;
  const [family, hook, verdict] =
    action === 'duplicate'
      ? ['netdev', `ingress device "${device}"`, `meta mark set ${COPY_MARK} dup to "${device}"`]
      : ['inet', 'input', action === 'drop' ? 'drop' : 'reject with tcp reset'];
  const fresh = action === 'duplicate' ? `meta mark != ${COPY_MARK} ` : '';
  const text = `table ${family} finwait_gate${gateId} {
  chain segments {
    type filter hook ${hook} priority 0; policy accept;
    ${fresh}${matchText(rule)}${which} ${verdict}
  }
}`;
  return { family, text };
}

/** Puts segments, and what shuts the queue, into the queue. */
function keepText(
  gateId: number,
  rule: FaultRule,
  { priority, stopperPort }: Pick<SlowQueue, 'priority' | 'stopperPort'>,
): string {
  const which = rule.nth === undefined ? '' : ` ${ordinalMatch(rule.nth)}`;
  return `table inet finwait_gate${gateId} {
  chain segments {
    type filter hook output priority 0; policy accept;
    ${matchText(rule)}${which} meta priority set ${priority}
    udp dport ${stopperPort} meta priority set ${priority}
  }
}`;
}

function unpluggedText(gateId: number, device: string): { readonly family: string; readonly text: string } {
  const chain = (hook: string): string =>
    `chain ${hook} { type filter hook ${hook} device "${device}" priority 0; policy drop; }`;
  const text = `table netdev finwait_gate${gateId} {\n  ${chain('ingress')}\n  ${chain('egress')}\n}`;
  return { family: 'netdev', text };
}

function ordinalMatch(nth: readonly number[]): string {
  for (const ordinal of nth) {
    if (!Number.isInteger(ordinal) || ordinal < 1) throw new TypeError(`Not an ordinal from 1: ${ordinal}`);
  }
  return `numgen inc mod ${NEVER_AGAIN} { ${nth.map((ordinal) => ordinal - 1).join(', ')} }`;
}

/** nft's words for a gate filter; built from numbers and checked addresses only, never from raw text. */
export function matchText({ source, destination, flags, without }: GateFilter): string {
  const set = flags === undefined ? 0 : parseFlags(flags);
  const mask = set | (without === undefined ? 0 : parseFlags(without));
  // Masked to eight bits, a filter on AE alone would match every segment.
  if (mask > 0xff)
    throw new TypeError('nft cannot match the flag AE: it lies outside the eight classic bits');
  return [
    'meta l4proto tcp',
    ...(source?.address === undefined ? [] : [addressMatch('saddr', source.address)]),
    ...(destination?.address === undefined ? [] : [addressMatch('daddr', destination.address)]),
    ...(source?.port === undefined ? [] : [`tcp sport ${portNumber(source.port)}`]),
    ...(destination?.port === undefined ? [] : [`tcp dport ${portNumber(destination.port)}`]),
    // nft knows the eight classic flag bits by number, too.
    ...(mask === 0 ? [] : [`tcp flags & ${mask} == ${set}`]),
  ].join(' ');
}

function addressMatch(field: 'saddr' | 'daddr', address: string): string {
  if (!/^[0-9a-f.:]+$/i.test(address)) throw new TypeError(`Not an IP address: "${address}"`);
  return `${address.includes(':') ? 'ip6' : 'ip'} ${field} ${address}`;
}

function portNumber(port: number): number {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new TypeError(`Not a port: ${port}`);
  return port;
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
