/**
 * SHA-1, of node:crypto; loaded by whoever asks for the first digest, for that takes as long as ten thousand packets.
 */
export function sha1(data: string | DataView): Buffer {
  return process.getBuiltinModule('node:crypto').createHash('sha1').update(data).digest();
}
