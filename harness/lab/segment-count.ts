import { isMeant } from '../model/gate-match.ts';
import type { CountedSegments, Hold } from '../model/observation.ts';
import type { Segment } from '../model/segment.ts';

/** The segments that a gate counts: of every connection in the lab, as the kernel does. */
export class SegmentCount {
  readonly counted: CountedSegments;
  /** The gate counts no more. */
  isOver = false;
  readonly #filter: Pick<Hold, 'source' | 'destination' | 'flags' | 'without'>;
  readonly #matching: Segment[] = [];

  constructor(
    filter: Pick<Hold, 'source' | 'destination' | 'flags' | 'without'>,
    { nth, outOf }: { readonly nth: readonly number[]; readonly outOf: number | undefined },
  ) {
    this.#filter = filter;
    this.counted = { nth, ...(outOf !== undefined && { outOf }), matching: this.#matching };
  }

  add(segment: Segment): void {
    if (isMeant(this.#filter, segment)) this.#matching.push(segment);
  }
}
