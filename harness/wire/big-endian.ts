/**
 * Network byte order reads. The caller has checked that the bytes are there: one check a header, not one a field.
 * A missing byte reads as 0, so that even a wrong check could not throw.
 */
export function u8(bytes: Uint8Array, offset: number): number {
  return bytes[offset] ?? 0;
}

export function u16(bytes: Uint8Array, offset: number): number {
  return (u8(bytes, offset) << 8) | u8(bytes, offset + 1);
}

/** Signed: a 32-bit word that stays a small integer for the engine. */
export function i32(bytes: Uint8Array, offset: number): number {
  return (
    (u8(bytes, offset) << 24) |
    (u8(bytes, offset + 1) << 16) |
    (u8(bytes, offset + 2) << 8) |
    u8(bytes, offset + 3)
  );
}
