import { execa } from 'execa';
import { FinwaitError } from '../errors.ts';
import { findProgram, installCommand } from '../install-hint.ts';
import { parseFlags } from '../model/segment.ts';
import type { GateFilter } from './protocol.ts';

/**
 * nft rules that keep chosen segments from their receiver. They sit in the *input* hook, behind the tap: a held
 * segment is on the wire and in the capture, and was never received. TCP sends it again, so a release lets it pass
 * at the next retransmission.
 */
export class Gates {
  #lastId = 0;

  /** @returns the gate's id and the monotonic time from which it surely holds. */
  async hold(filter: GateFilter): Promise<{ gateId: number; atNs: bigint }> {
    const rule = `${matchText(filter)} drop`;
    const gateId = ++this.#lastId;
    await nft(
      `add table inet finwait
add chain inet finwait gate${gateId} { type filter hook input priority 0; policy accept; }
add rule inet finwait gate${gateId} ${rule}`,
    );
    return { gateId, atNs: process.hrtime.bigint() };
  }

  /** @returns the monotonic time from which the gate surely holds nothing. */
  async release(gateId: number): Promise<{ atNs: bigint }> {
    await nft(`flush chain inet finwait gate${gateId}\ndelete chain inet finwait gate${gateId}`);
    return { atNs: process.hrtime.bigint() };
  }
}

/** nft's words for a gate filter; built from numbers and checked addresses only, never from raw text. */
export function matchText({ source, destination, flags }: GateFilter): string {
  const mask = flags === undefined ? 0 : parseFlags(flags);
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
    ...(mask === 0 ? [] : [`tcp flags & ${mask} == ${mask}`]),
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

async function nft(commands: string): Promise<void> {
  const path = findProgram('nft');
  if (path === undefined) {
    throw new FinwaitError('ERR_FINWAIT_TOOL_MISSING', 'nft is not installed; gates need it', {
      hint: `Install it: ${installCommand('nftables')}`,
    });
  }
  const { failed, stderr, shortMessage } = await execa(path, ['-f', '-'], { input: commands, reject: false });
  if (!failed) return;
  throw new FinwaitError(
    'ERR_FINWAIT_NEEDS_PRIVATE_NETWORK',
    `nft refused a gate: ${stderr || (shortMessage ?? '')}`,
    {
      hint: 'Gates need a private network; `finwait doctor` says what this machine grants.',
    },
  );
}
