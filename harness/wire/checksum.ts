import type { Packet } from '../model/packet.ts';
import { u8, u16 } from './big-endian.ts';
import { IpProtocol } from './ip-protocol.ts';

/** The Internet checksum. Source: RFC 1071: the sum of all 16-bit words, checksum and all, is 0xffff when right. */
export function foldedIsRight(sum: number): boolean {
  let folded = sum;
  while (folded > 0xffff) folded = Math.floor(folded / 0x10000) + (folded % 0x10000);
  return folded === 0xffff;
}

/** Adds the words between `start` and `end`; an odd last octet is padded with zero. */
export function addWords(sum: number, bytes: Uint8Array, start: number, end: number): number {
  let total = sum;
  let at = start;
  for (; at + 1 < end; at += 2) total += u16(bytes, at);
  return at < end ? total + (u8(bytes, at) << 8) : total;
}

/** Whether a TCP segment's checksum is right; its addresses are in the packet. Source: RFC 9293 §3.1. */
export function tcpChecksumIsRight(bytes: Uint8Array, start: number, end: number, packet: Packet): boolean {
  const length = end - start;
  let sum = IpProtocol.TCP + (length >>> 16) + (length & 0xffff);
  sum += halves(packet.source0) + halves(packet.source1) + halves(packet.source2) + halves(packet.source3);
  sum += halves(packet.destination0) + halves(packet.destination1);
  sum += halves(packet.destination2) + halves(packet.destination3);
  return foldedIsRight(addWords(sum, bytes, start, end));
}

function halves(word: number): number {
  return (word >>> 16) + (word & 0xffff);
}
