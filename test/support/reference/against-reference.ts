import { Packet } from '../../../harness/model/packet.ts';
import { decodePacket } from '../../../harness/wire/decode-packet.ts';
import { Decoding } from '../../../harness/wire/decoding.ts';
import { FragmentTable } from '../../../harness/wire/fragment-table.ts';
import { asCompared, type Compared, expectedOf } from './compare.ts';
import { referenceDecode } from './decode-frame.ts';
import { Reassembly } from './reassembly.ts';

/** A decoder and the reference, side by side: both with checksums and fragments. */
export class AgainstReference {
  readonly #packet = new Packet();
  readonly #decoding = new Decoding({ checksums: true, fragments: new FragmentTable() });
  readonly #reassembly = new Reassembly();

  /** What each makes of a frame that lies somewhere in an array. */
  decode(
    linkType: number,
    bytes: Uint8Array,
    start: number,
    capturedBytes: number,
    originalBytes: number,
  ): { readonly observed: Compared; readonly expected: Compared } {
    const outcome = decodePacket(
      linkType,
      bytes,
      start,
      capturedBytes,
      originalBytes,
      this.#packet,
      this.#decoding,
    );
    const frame = bytes.subarray(start, start + capturedBytes);
    const reference = referenceDecode(linkType, frame, originalBytes, {
      checksums: true,
      reassembly: this.#reassembly,
    });
    return {
      observed: asCompared(outcome, this.#packet, this.#decoding),
      expected: expectedOf(reference),
    };
  }
}
