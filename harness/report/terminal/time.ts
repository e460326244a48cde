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
  // Capture clocks are put back.
  if (ms < 0) return `-${durationOfMs(-ms, gap)}`;
  if (ms < 1) return `${decimal(ms, 1000)}${gap}ms`;
  // From 999.5 on, three digits would be a thousand.
  if (ms < 999.5) return `${threeDigits(ms)}${gap}ms`;
  const seconds = ms / 1000;
  return `${seconds < 99.5 ? threeDigits(seconds) : Math.round(seconds)}${gap}s`;
}

function threeDigits(value: number): string {
  if (value < 9.995) return decimal(value, 100);
  return value < 99.95 ? decimal(value, 10) : String(Math.round(value));
}

/** Rounded to a fraction of so many parts (10, 100 or 1000), without zeros at its end; toFixed() takes five times as long. */
function decimal(value: number, parts: number): string {
  const rounded = Math.round(value * parts);
  const whole = Math.floor(rounded / parts);
  let fraction = rounded % parts;
  if (fraction === 0) return String(whole);
  let leading = parts;
  while (fraction % 10 === 0) {
    fraction /= 10;
    leading /= 10;
  }
  // A one in front keeps the fraction's zeros.
  return `${whole}.${String(leading + fraction).slice(1)}`;
}

/** `1 byte`, `8 bytes`. */
export function byteCount(bytes: number): string {
  return bytes === 1 ? '1 byte' : `${bytes} bytes`;
}
