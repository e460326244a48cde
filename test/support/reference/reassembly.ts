import type { FragmentHeader } from './ip.ts';
import { enterIpProtocol } from './ip-protocol.ts';
import type { Decoded, IpHeader, View } from './view.ts';

const MAX_PAYLOAD_BYTES = 65_535;
/** As much of a payload as the decoder keeps. */
const KEPT_BYTES = 256;
const MAX_PIECES = 64;

interface Datagram {
  /** Which octets have crossed the wire. */
  readonly come: boolean[];
  /** Their values, where captured. */
  readonly octets: (number | undefined)[];
  length: number | undefined;
  first: FragmentHeader | undefined;
}

/** Fragments put together octet by octet, without any bound on their number or age. */
export class Reassembly {
  readonly #datagrams = new Map<string, Datagram>();

  /** What the datagram holds, once this fragment completes it. */
  add(header: FragmentHeader, view: View): Decoded | undefined {
    const { ip } = view;
    if (ip === undefined) return undefined;
    const key = JSON.stringify([
      ip.version,
      ip.source,
      ip.destination,
      header.identification,
      ip.version === 4 ? header.protocol : 0,
    ]);
    const datagram = this.#datagrams.get(key) ?? {
      come: [],
      octets: [],
      length: undefined,
      first: undefined,
    };
    this.#datagrams.set(key, datagram);
    const fits = addFragment(datagram, header, view);
    const whole = isWhole(datagram);
    if (!fits || whole) this.#datagrams.delete(key);
    return fits && whole ? decodeWhole(datagram, view, ip) : undefined;
  }
}

function addFragment(datagram: Datagram, header: FragmentHeader, view: View): boolean {
  const { offset, moreFollow } = header;
  const octets = view.wireEnd - view.at;
  const end = offset + octets;
  if (octets < 0 || end > MAX_PAYLOAD_BYTES) return false;
  if (moreFollow && (octets === 0 || octets % 8 !== 0)) return false;
  if (!moreFollow) {
    if (datagram.length !== undefined && datagram.length !== end) return false;
    datagram.length = end;
  }
  if (offset === 0) datagram.first = header;
  for (let index = 0; index < octets; index++) {
    datagram.come[offset + index] = true;
    if (view.at + index < view.end) datagram.octets[offset + index] ??= view.frame.getUint8(view.at + index);
  }
  if (datagram.length !== undefined && datagram.come.length > datagram.length) return false;
  return pieces(datagram) <= MAX_PIECES;
}

function pieces({ come }: Datagram): number {
  let count = 0;
  for (let index = 0; index < come.length; index++)
    if (come[index] === true && come[index - 1] !== true) count += 1;
  return count;
}

function isWhole({ come, length, first }: Datagram): boolean {
  if (length === undefined || first === undefined || come.length !== length) return false;
  for (let index = 0; index < length; index++) if (come[index] !== true) return false;
  return true;
}

function decodeWhole({ octets, length = 0, first }: Datagram, view: View, ip: IpHeader): Decoded | undefined {
  if (first === undefined) return undefined;
  const known: number[] = [];
  for (const octet of octets.slice(0, KEPT_BYTES)) {
    if (octet === undefined) break;
    known.push(octet);
  }
  const decoded = enterIpProtocol(first.protocol, {
    frame: new DataView(Uint8Array.from(known).buffer),
    at: 0,
    end: known.length,
    wireEnd: length,
    depth: -1,
    ip: { ...ip, bytes: first.headerBytes + length, checksum: 'unknown' },
    context: view.context,
  });
  return decoded;
}
