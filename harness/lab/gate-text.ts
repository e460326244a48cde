/** nft's words for gates; built from numbers and checked addresses only, never from raw text. */
import { parseFlags } from '../model/segment.ts';
import type { FaultRule, GateFilter } from './protocol.ts';
import type { SlowQueue } from './send-queues.ts';

/** Longer than any run counts: `numgen` starts again behind it. */
const NEVER_AGAIN = 0xffff_ffff;
/** Tells a copy from its original, which would be copied for ever. */
const COPY_MARK = 0x8000_0000;
/** Bits of a segment's mark by which gates that count remember that it was its turn. */
export const COUNT_MARKS: readonly number[] = Array.from({ length: 31 }, (_, bit) => 2 ** bit);

/** All of a gate's rules on one host. */
export interface GateTable {
  readonly family: 'inet' | 'netdev';
  readonly text: string;
}

/**
 * A gate that drops, or answers by a RST, where segments are received: behind the tap.
 * @param mark of a gate that counts. It counts in front of all that drops, or what another gate took would not be
 * counted, though the capture has it; whose turn it was is marked, and dropped where the others drop.
 */
export function dropTable(
  gateId: number,
  rule: FaultRule,
  { device, mark }: { readonly device: string; readonly mark: number | undefined },
): GateTable {
  const verdict = rule.action === 'drop' ? 'drop' : 'reject with tcp reset';
  if (mark === undefined)
    return tableOf(gateId, 'inet', chainText('input', [`${matchText(rule)} ${verdict}`]));
  const count = [
    // A copy comes with the marks of its original, and has a turn of its own.
    `meta mark set meta mark & ${0xffff_ffff - mark}`,
    `${matchText(rule)}${ordinalText(rule)} meta mark set meta mark | ${mark}`,
  ];
  return tableOf(
    gateId,
    'inet',
    chainText('ingress', count, { name: 'count', device, priority: -10 }),
    chainText('input', [`meta l4proto tcp meta mark & ${mark} == ${mark} ${verdict}`]),
  );
}

/**
 * A gate that doubles. Of a copy on the loopback, ingress makes a second reception; on a cable it would go back to
 * where its original came from, so there the sender doubles.
 */
export function duplicateTable(gateId: number, rule: FaultRule, device: string): GateTable {
  const hook = device === 'lo' ? 'ingress' : 'egress';
  const double = `meta mark set meta mark | ${COPY_MARK} dup to "${device}"`;
  const fresh = `meta mark & ${COPY_MARK} == 0`;
  const chain = chainText(hook, [`${fresh} ${matchText(rule)}${ordinalText(rule)} ${double}`], { device });
  return tableOf(gateId, 'netdev', chain);
}

/** Puts segments, and what shuts the queue, into the queue. */
export function keepText(
  gateId: number,
  rule: FaultRule,
  { priority, stopperPort }: Pick<SlowQueue, 'priority' | 'stopperPort'>,
): string {
  const chain = chainText('output', [
    `${matchText(rule)}${ordinalText(rule)} meta priority set ${priority}`,
    `udp dport ${stopperPort} meta priority set ${priority}`,
  ]);
  return tableOf(gateId, 'inet', chain).text;
}

function tableOf(gateId: number, family: GateTable['family'], ...chains: readonly string[]): GateTable {
  return { family, text: `table ${family} finwait_gate${gateId} {\n${chains.join('\n')}\n}` };
}

interface ChainOptions {
  /** @default 'segments' */
  readonly name?: string;
  readonly device?: string;
  /** @default 0 */
  readonly priority?: number;
}

function chainText(
  hook: string,
  rules: readonly string[],
  { name = 'segments', device, priority = 0 }: ChainOptions = {},
): string {
  const where = device === undefined ? hook : `${hook} device "${device}"`;
  return `  chain ${name} {
    type filter hook ${where} priority ${priority}; policy accept;
${rules.map((rule) => `    ${rule}`).join('\n')}
  }`;
}

function ordinalText({ nth, outOf = NEVER_AGAIN }: FaultRule): string {
  if (nth === undefined) return '';
  return ` numgen inc mod ${outOf} { ${[...new Set(nth)].map((ordinal) => ordinal - 1).join(', ')} }`;
}

/** nft's words for a gate filter. */
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
