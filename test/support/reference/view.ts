/** The reference decoder: objects, recursion, text; nothing that is there for speed. */
import type { DecodeIssue } from '../../../harness/wire/decode-issue.ts';
import type { Reassembly } from './reassembly.ts';

/** What of a frame is still to be decoded. Offsets are into the frame. */
export interface View {
  readonly frame: DataView;
  readonly at: number;
  /** End of what was captured of the innermost packet. */
  readonly end: number;
  /** End of the innermost packet on the wire. */
  readonly wireEnd: number;
  /** Layers so far. */
  readonly depth: number;
  /** As the innermost IP header has them. */
  readonly ip?: IpHeader;
  readonly context: Context;
}

export interface Context {
  readonly checksums: boolean;
  readonly reassembly: Reassembly | undefined;
}

export interface IpHeader {
  readonly version: 4 | 6;
  readonly source: string;
  readonly destination: string;
  readonly bytes: number;
  readonly checksum: 'right' | 'wrong' | 'unknown';
}

export interface TcpHeader {
  readonly sourcePort: number;
  readonly destinationPort: number;
  readonly sequenceNumber: number;
  readonly acknowledgmentNumber: number;
  readonly flags: number;
  readonly window: number;
  readonly payloadBytes: number;
  readonly checksum: 'right' | 'wrong' | 'unknown';
  readonly options: ReferenceOptions;
}

export interface ReferenceOptions {
  mss?: number;
  windowScale?: number;
  sackPermitted?: true;
  fastOpen?: true;
  sackBlocks?: (readonly [left: number, right: number])[];
  timestamps?: { readonly value: number; readonly echoReply: number };
}

export interface Decoded {
  readonly outcome: 'tcp' | 'other' | 'fragment' | 'stopped';
  readonly headerBytes: number;
  readonly issue?: DecodeIssue;
  readonly ip?: IpHeader;
  readonly tcp?: TcpHeader;
  readonly udpPayload?: readonly [start: number, end: number];
}

export type Layer = (view: View) => Decoded;

export const MAX_LAYERS = 32;

/** Goes on with another layer, so many octets further. */
export function enter(layer: Layer, view: View, octets: number): Decoded {
  const inner = { ...view, at: view.at + octets, depth: view.depth + 1 };
  if (inner.depth === MAX_LAYERS) return stopped(inner, 'tunnel', inner.at, `more than ${MAX_LAYERS} layers`);
  return layer(inner);
}

export function captured(view: View): number {
  return view.end - view.at;
}

export function u8(view: View, offset: number): number {
  return view.frame.getUint8(view.at + offset);
}

export function u16(view: View, offset: number): number {
  return view.frame.getUint16(view.at + offset);
}

export function u32(view: View, offset: number): number {
  return view.frame.getUint32(view.at + offset);
}

export function other(view: View, octets = 0): Decoded {
  return { outcome: 'other', headerBytes: Math.min(view.at + octets, view.end) };
}

/** The header at the view's place needs more octets than were captured. */
export function cut(view: View, layer: DecodeIssue['layer'], needed: number): Decoded {
  const problem = `${Math.max(captured(view), 0)} of ${needed} header bytes captured`;
  return { outcome: 'stopped', headerBytes: view.end, issue: { layer, offset: view.at, problem } };
}

export function stopped(
  view: View,
  layer: DecodeIssue['layer'],
  offset: number,
  problem: string,
  headerBytes: number = view.at,
): Decoded {
  return {
    outcome: 'stopped',
    headerBytes: Math.min(headerBytes, view.end),
    issue: { layer, offset, problem },
  };
}
