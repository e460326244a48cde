/** Captured bytes, as a capture file or stream holds them. */
export interface Frame {
  /** From 1, in order of the capture. */
  readonly ordinal: number;
  /** Nanoseconds since the epoch on the capture's clock. */
  readonly capturedAtNs: bigint;
  /** Octets on the wire; more than `bytes` holds when the capture was cut by its snap length. */
  readonly originalBytes: number;
  readonly bytes: Uint8Array;
}
