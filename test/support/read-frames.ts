import type { CaptureDamage } from '../../harness/wire/capture-damage.ts';
import { CaptureReader } from '../../harness/wire/capture-reader.ts';
import type { CaptureInterface } from '../../harness/wire/capture-records.ts';

/** A frame that a capture holds; its bytes are a copy. */
export interface Frame {
  readonly ordinal: number;
  readonly capturedAtNs: bigint;
  readonly originalBytes: number;
  readonly linkType: number;
  readonly bytes: Uint8Array;
}

export interface CaptureContent {
  readonly frames: readonly Frame[];
  readonly interfaces: readonly CaptureInterface[];
  readonly damage: readonly CaptureDamage[];
}

/** All that a capture holds, which comes in these chunks. */
export function readCapture(...chunks: readonly Uint8Array[]): CaptureContent {
  const frames: Frame[] = [];
  const reader = collectFrames(frames);
  for (const chunk of chunks) reader.push(chunk);
  const damage = reader.end();
  return { frames, interfaces: reader.interfaces, damage };
}

/** A reader that puts copies of its frames into the list. */
export function collectFrames(into: Frame[]): CaptureReader {
  return new CaptureReader((bytes, start, capturedBytes, originalBytes, linkType, packet) => {
    into.push({
      ordinal: packet.frame,
      capturedAtNs: BigInt(packet.seconds) * 1_000_000_000n + BigInt(packet.nanoseconds),
      originalBytes,
      linkType,
      bytes: bytes.slice(start, start + capturedBytes),
    });
  });
}
