import { FinwaitError } from '../errors.ts';

/** What a capture's first four bytes say it is. */
export type CaptureFormat = 'pcap' | 'pcapng' | 'gzip';

export const MAGIC_BYTES = 4;

/** pcap's magic numbers, in the writer's byte order. Source: draft-ietf-opsawg-pcap; libpcap, sf-pcap.c. */
export const PcapMagic = {
  MICROSECONDS: 0xa1b2c3d4,
  NANOSECONDS: 0xa1b23c4d,
  /** Alexey Kuznetzov's, with a longer record header. */
  MODIFIED: 0xa1b2cd34,
} as const;

/** The same in either byte order. */
export const SECTION_HEADER_BLOCK = 0x0a0d0d0a;
const GZIP = 0x1f8b;

/** The format of what starts with these bytes, at least {@link MAGIC_BYTES} of them; undefined for no capture. */
export function captureFormat(bytes: Uint8Array): CaptureFormat | undefined {
  if (bytes.length < MAGIC_BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const magic = view.getUint32(0, false);
  if (magic === SECTION_HEADER_BLOCK) return 'pcapng';
  if (magic >>> 16 === GZIP) return 'gzip';
  return isPcap(magic) || isPcap(view.getUint32(0, true)) ? 'pcap' : undefined;
}

export function isPcap(magic: number): boolean {
  return (Object.values(PcapMagic) as number[]).includes(magic);
}

export function notACapture(offset: number, found: string): FinwaitError {
  return new FinwaitError('ERR_FINWAIT_FORMAT', `Not a capture: at byte ${offset} found ${found}`, {
    hint: 'finwait reads pcap and pcapng, plain or compressed by gzip, as tcpdump -w and Wireshark write them.',
  });
}
