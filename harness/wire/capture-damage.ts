/** What is wrong with a capture itself, as opposed to the frames in it: data, not an exception. */
export interface CaptureDamage {
  /** `cut`: it ends within a record or block. `corrupt`: it cannot be read on. `skipped`: one block is not used. */
  readonly kind: 'cut' | 'corrupt' | 'skipped';
  /** Offset in the capture (unpacked, when it was compressed) of the record or block. */
  readonly offset: number;
  /** `a record of 4294967295 bytes (the most is 262144)`. */
  readonly problem: string;
}

/** `corrupt at byte 283: a record of 4294967295 bytes (the most is 262144)`. */
export function formatCaptureDamage({ kind, offset, problem }: CaptureDamage): string {
  return `${kind} at byte ${offset}: ${problem}`;
}
