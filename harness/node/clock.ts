const { performance } = globalThis;
// Taken now: a program may put a stand-in for time in their place.
const now = performance.now.bind(performance);
const hrtime = process.hrtime.bigint.bind(process.hrtime);

/**
 * Moments count from before the thread began: V8 holds numbers below 2³¹ otherwise than those above, and would compile
 * all that handles them a second time once a program has run for 2 s.
 */
const AHEAD_NS = 2 ** 32;

/** What moments count from, in monotonic ns: the closest of some readings, which lie one within the other. */
const ORIGIN_NS: bigint = (() => {
  let best = { originNs: 0n, widthNs: 1n << 62n };
  for (let reading = 0; reading < 8; reading++) {
    const beforeNs = hrtime();
    const ms = now();
    const widthNs = hrtime() - beforeNs;
    if (widthNs < best.widthNs) {
      best = { originNs: beforeNs + widthNs / 2n - BigInt(Math.round(ms * 1e6)), widthNs };
    }
  }
  return best.originNs - BigInt(AHEAD_NS);
})();

/** Monotonic ns since an origin of this thread's: half the price of `process.hrtime.bigint()`, and no bigint. */
export function sinceOriginNs(): number {
  return Math.round(now() * 1e6) + AHEAD_NS;
}

/** The same moment as `process.hrtime.bigint()` tells it, to some 100 ns. */
export function monotonicNs(ns: number): bigint {
  return ORIGIN_NS + BigInt(ns);
}
