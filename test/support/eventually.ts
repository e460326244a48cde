import { pace, withDeadline } from '../../harness/timing.ts';

/**
 * Looks again and again until there is something to see, and returns it.
 * @throws FinwaitError ERR_FINWAIT_TIMEOUT with what was seen last
 */
export async function eventually<T>(
  what: string,
  look: () => T | undefined | Promise<T | undefined>,
  lastSeen?: () => string,
): Promise<T> {
  const given = new AbortController();
  const found = async (): Promise<T> => {
    for (;;) {
      const seen = await look();
      if (seen !== undefined) return seen;
      await pace(5, given.signal);
    }
  };
  try {
    return await withDeadline(
      found(),
      { what, ...(lastSeen !== undefined && { lastSeen }) },
      { timeoutMs: 20_000 },
    );
  } finally {
    given.abort();
  }
}

/** Fulfilled once `condition` holds. */
export async function until(what: string, condition: () => boolean): Promise<void> {
  await eventually(what, () => (condition() ? true : undefined));
}
