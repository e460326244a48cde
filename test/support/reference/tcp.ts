import type { DecodeIssue } from '../../../harness/wire/decode-issue.ts';
import {
  captured,
  cut,
  type Decoded,
  type ReferenceOptions,
  stopped,
  u8,
  u16,
  u32,
  type TcpHeader,
  type View,
} from './view.ts';

export function decodeTcp(view: View): Decoded {
  const room = view.wireEnd - view.at;
  if (room < 20) return stopped(view, 'tcp', view.at, `header of 20 bytes exceeds the packet's ${room}`);
  if (captured(view) < 20) return cut(view, 'tcp', 20);
  const words = u8(view, 12) >> 4;
  const headerBytes = words * 4;
  const broken = (problem: string): Decoded => stopped(view, 'tcp', view.at + 12, problem, view.at + 20);
  if (words < 5) return broken(`data offset ${words} words is below 5`);
  if (headerBytes > room) return broken(`header of ${headerBytes} bytes exceeds the packet's ${room}`);
  const { options, issue } = decodeOptions({ ...view, at: view.at + 20 }, headerBytes - 20);
  const tcp: TcpHeader = {
    sourcePort: u16(view, 0),
    destinationPort: u16(view, 2),
    sequenceNumber: u32(view, 4),
    acknowledgmentNumber: u32(view, 8),
    flags: u16(view, 12) % 0x200,
    window: u16(view, 14),
    payloadBytes: room - headerBytes,
    checksum: view.context.checksums ? checksum(view) : 'unknown',
    options,
  };
  return {
    outcome: 'tcp',
    headerBytes: Math.min(view.at + headerBytes, view.end),
    tcp,
    ...(view.ip === undefined ? {} : { ip: view.ip }),
    ...(issue === undefined ? {} : { issue }),
  };
}

function checksum(view: View): TcpHeader['checksum'] {
  const { ip } = view;
  if (ip === undefined || ip.checksum === 'unknown' || view.end < view.wireEnd) return 'unknown';
  const length = captured(view);
  let sum = 6 + Math.floor(length / 0x10000) + (length % 0x10000);
  for (const word of [...addressWords(ip.source), ...addressWords(ip.destination)]) sum += word;
  for (let offset = 0; offset < length; offset++) sum += u8(view, offset) * (offset % 2 === 0 ? 0x100 : 1);
  return sum % 0xffff === 0 && ip.checksum === 'right' ? 'right' : 'wrong';
}

/** An address' 16-bit words. A mapped address is written as IPv4, and its other word is 0xffff: nothing to the sum. */
function addressWords(address: string): number[] {
  if (address.includes('.')) {
    const [a = 0, b = 0, c = 0, d = 0] = address.split('.').map(Number);
    return [a * 256 + b, c * 256 + d];
  }
  return address
    .split(':')
    .filter((group) => group !== '')
    .map((group) => Number.parseInt(group, 16));
}

function decodeOptions(view: View, room: number): { options: ReferenceOptions; issue?: DecodeIssue } {
  const options: ReferenceOptions = {};
  let at = 0;
  while (at < room) {
    const problem = optionProblem(view, at, room);
    if (problem !== undefined) {
      return { options, issue: { layer: 'tcp-options', offset: view.at + at, problem } };
    }
    const kind = u8(view, at);
    if (kind === 0) break;
    if (kind !== 1) readOption({ ...view, at: view.at + at }, options);
    at += kind === 1 ? 1 : u8(view, at + 1);
  }
  return { options };
}

/** The lengths that a kind can have, where that is known. */
const LENGTHS: Readonly<Partial<Record<number, readonly number[]>>> = {
  2: [4],
  3: [3],
  4: [2],
  5: [2, 10, 18, 26, 34],
  8: [10],
};

function optionProblem(view: View, at: number, room: number): string | undefined {
  if (at >= captured(view)) return `${at} of ${room} option bytes captured`;
  const kind = u8(view, at);
  if (kind <= 1) return undefined;
  if (at + 1 >= room) return `option ${kind} has no length`;
  if (at + 1 >= captured(view)) return `option ${kind} is not wholly captured`;
  const length = u8(view, at + 1);
  if (length < 2) return `option ${kind} says length ${length}`;
  if (at + length > room) return `option ${kind} of ${length} bytes runs past the header`;
  if (at + length > captured(view)) return `option ${kind} is not wholly captured`;
  return LENGTHS[kind]?.includes(length) === false ? `option ${kind} says length ${length}` : undefined;
}

function readOption(option: View, into: ReferenceOptions): void {
  const length = u8(option, 1);
  switch (u8(option, 0)) {
    case 2:
      into.mss = u16(option, 2);
      break;
    case 3:
      into.windowScale = u8(option, 2);
      break;
    case 4:
      into.sackPermitted = true;
      break;
    case 5:
      into.sackBlocks = [];
      for (let at = 2; at < length; at += 8) into.sackBlocks.push([u32(option, at), u32(option, at + 4)]);
      break;
    case 8:
      into.timestamps = { value: u32(option, 2), echoReply: u32(option, 6) };
      break;
    case 34:
      into.fastOpen = true;
      break;
    case 253:
    case 254:
      if (length >= 4 && u16(option, 2) === 0xf989) into.fastOpen = true;
      break;
    default:
  }
}
