import { linkLayer } from './link.ts';
import type { Reassembly } from './reassembly.ts';
import type { Decoded } from './view.ts';

export interface ReferenceSettings {
  readonly checksums?: boolean;
  readonly reassembly?: Reassembly;
}

/** Decodes a frame in the plainest way, for the engine's decoder to be held against. */
export function referenceDecode(
  linkType: number,
  frame: Uint8Array,
  originalBytes: number,
  { checksums = false, reassembly }: ReferenceSettings = {},
): Decoded {
  const layer = linkLayer(linkType);
  if (layer === undefined) {
    const problem = `link type ${linkType} is not decoded`;
    return { outcome: 'stopped', headerBytes: 0, issue: { layer: 'link', offset: 0, problem } };
  }
  return layer({
    frame: new DataView(frame.buffer, frame.byteOffset, frame.length),
    at: 0,
    end: frame.length,
    wireEnd: originalBytes,
    depth: 0,
    context: { checksums, reassembly },
  });
}
