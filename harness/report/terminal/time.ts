/** Times as people read them in a ladder. */
const NS_PER_US = 1000n;
const US_PER_MS = 1000n;

/** `+0.412`: ms after `originNs`, to the microsecond, rounded towards zero. Before it: `-0.412`. */
export function relativeMs(atNs: bigint, originNs: bigint): string {
  const us = (atNs - originNs) / NS_PER_US;
  const magnitude = us < 0n ? -us : us;
  const whole = magnitude / US_PER_MS;
  const fraction = (magnitude % US_PER_MS).toString().padStart(3, '0');
  return `${us < 0n ? '-' : '+'}${whole}.${fraction}`;
}

/** A duration in three digits and its unit: `0.034 ms`, `40.2 ms`, `312 ms`, `1.25 s`, `60 s`. */
export function duration(ns: bigint): string {
  return durationOfMs(Number(ns) / 1e6);
}

/** @param gap between number and unit */
export function durationOfMs(ms: number, gap = ' '): string {
  if (ms < 1) return `${trim(ms.toFixed(3))}${gap}ms`;
  // From 999.5 on, three digits would round up to an exponent.
  if (ms < 999.5) return `${trim(ms.toPrecision(3))}${gap}ms`;
  const seconds = ms / 1000;
  return `${trim(seconds < 99.5 ? seconds.toPrecision(3) : seconds.toFixed(0))}${gap}s`;
}

/** Without the zeros that end a fraction; a pattern takes five times as long. */
function trim(decimal: string): string {
  if (!decimal.includes('.')) return decimal;
  let end = decimal.length;
  while (decimal.charAt(end - 1) === '0') end--;
  if (decimal.charAt(end - 1) === '.') end--;
  return decimal.slice(0, end);
}

/** `1 byte`, `8 bytes`. */
export function byteCount(bytes: number): string {
  return bytes === 1 ? '1 byte' : `${bytes} bytes`;
}
