import { execa } from 'execa';
import { FinwaitError } from '../errors.ts';
import { findProgram, installCommand } from '../install-hint.ts';
import { parseFlags } from '../model/segment.ts';
import type { Host } from './host.ts';
import { emptyBucket, emptyingPort, keepLate, letOut } from './kept-segments.ts';
import type { FaultRule, GateFilter } from './protocol.ts';

/**
 * nft rules that decide what becomes of chosen segments. They sit in the *input* hook of every host, behind the tap:
 * a segment that is dropped is on the wire and in the capture, and was never received. TCP sends it again, so a
 * release lets it pass at the next retransmission.
 */
export class Gates {
  readonly #hosts: readonly Host[];
  readonly #released = new Map<number, () => Promise<void>>();
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
    textOf: (host: Host) => { readonly family: string; readonly text: string },
    hosts: readonly Host[] = this.#hosts,
  ): Promise<void> {
    const tables = hosts.map((host) => ({ host, ...textOf(host) }));
    await Promise.all(tables.map(({ host, text }) => nft(host, text)));
    this.#released.set(gateId, async () => {
      await Promise.all(
        tables.map(({ host, family }) => nft(host, `delete table ${family} finwait_gate${gateId}`)),
      );
    });
  }
}

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

/** Puts segments, and the datagram that empties their bucket, into the class that has to wait. */
function keepText(gateId: number, rule: FaultRule, priority: string): string {
  const which = rule.nth === undefined ? '' : ` ${ordinalMatch(rule.nth)}`;
  return `table inet finwait_gate${gateId} {
  chain segments {
    type filter hook output priority 0; policy accept;
    ${matchText(rule)}${which} meta priority set ${priority}
    udp dport ${emptyingPort(gateId)} meta priority set ${priority}
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
