/**
 * An address given as 32-bit words, most significant first (an IPv4 address is the fourth), as text: RFC 5952 §4
 * for IPv6, and IPv4-mapped addresses (RFC 4291 §2.5.5.2) as plain IPv4.
 */
export function addressText(version: number, w0: number, w1: number, w2: number, w3: number): string {
  const isMapped = w0 === 0 && w1 === 0 && w2 === 0x0000ffff;
  if (version === 4 || isMapped)
    return `${w3 >>> 24}.${(w3 >>> 16) & 0xff}.${(w3 >>> 8) & 0xff}.${w3 & 0xff}`;
  const groups = [w0, w1, w2, w3].flatMap((word) => [word >>> 16, word & 0xffff]);
  const { start, length } = longestZeroRun(groups);
  if (length < 2) return hexadecimal(groups);
  return `${hexadecimal(groups.slice(0, start))}::${hexadecimal(groups.slice(start + length))}`;
}

function hexadecimal(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':');
}

/** The first of the longest. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: index - length + 1, length };
  }
  return best;
}
