/**
 * Signed distance from `a` to `b` in sequence space, modulo 2³²: positive when `b` lies ahead of `a`.
 * Range −2³¹ … 2³¹−1. The only way sequence numbers are compared here; never `<`.
 * Source: RFC 9293 §3.4.
 */
export function seqDistance(a: number, b: number): number {
  return (b - a) | 0;
}

/** `sequence + octets` modulo 2³², as an unsigned 32-bit number. */
export function seqAdd(sequence: number, octets: number): number {
  return (sequence + octets) >>> 0;
}
