import { isIP } from 'node:net';
import type { WaitOptions } from '../harness/timing.ts';

export interface CaptureOptions extends WaitOptions {
  /** @default 'lo' */
  readonly interface?: string;
  /** In pcap-filter(7) language. @default 'tcp' */
  readonly filter?: string;
  /**
   * Octets read of each frame. The default fits link, IP and TCP headers with all options.
   * @default 128
   */
  readonly snapLength?: number;
  /** Also save the headers read, as a pcap file at this path. */
  readonly file?: string;
  /** Size of the kernel's capture buffer. @default libpcap's own, 2048 */
  readonly bufferKiB?: number;
  /** An address of this machine whose traffic crosses the interface. @default '127.0.0.1' */
  readonly fenceAddress?: string;
}

/** What is left once the defaults are in. */
export interface CaptureSettings {
  readonly interface: string;
  readonly filter: string;
  readonly snapLength: number;
  readonly file: string | undefined;
  readonly bufferKiB: number | undefined;
  readonly fenceAddress: string;
}

/** Ethernet, IPv6 and UDP headers and the marker of a fence, with room for a VLAN tag or a longer link header. */
const MIN_SNAP_LENGTH = 96;

type Check = (value: unknown) => string | undefined;

/** What each option must be; undefined when it is. */
const CHECKS: Readonly<Record<keyof CaptureOptions, Check>> = {
  interface: (value) => (typeof value === 'string' && value !== '' ? undefined : 'the name of an interface'),
  filter: (value) => (typeof value === 'string' ? undefined : 'a string'),
  snapLength: (value) => wholeNumberFrom(MIN_SNAP_LENGTH, value),
  file: (value) => (typeof value === 'string' && value !== '' ? undefined : 'a path'),
  bufferKiB: (value) => wholeNumberFrom(1, value),
  fenceAddress: (value) => (typeof value === 'string' && isIP(value) !== 0 ? undefined : 'an IP address'),
  signal: (value) => (value instanceof AbortSignal ? undefined : 'an AbortSignal'),
  timeoutMs: (value) => (typeof value === 'number' && value >= 0 ? undefined : 'a number of ms, 0 or more'),
};

/** @throws TypeError naming the option that is unknown or wrong. */
export function captureSettings(options: CaptureOptions): CaptureSettings {
  for (const [name, value] of Object.entries(options)) {
    if (!Object.hasOwn(CHECKS, name)) {
      throw new TypeError(`Unknown capture option "${name}"; known: ${Object.keys(CHECKS).join(', ')}`);
    }
    if (value === undefined) continue;
    const wanted = CHECKS[name as keyof CaptureOptions](value);
    if (wanted !== undefined) throw new TypeError(`Capture option "${name}" must be ${wanted}`);
  }
  return {
    interface: options.interface ?? 'lo',
    filter: options.filter ?? 'tcp',
    snapLength: options.snapLength ?? 128,
    file: options.file,
    bufferKiB: options.bufferKiB,
    fenceAddress: options.fenceAddress ?? '127.0.0.1',
  };
}

function wholeNumberFrom(least: number, value: unknown): string | undefined {
  return Number.isInteger(value) && (value as number) >= least ? undefined : `a whole number from ${least}`;
}
