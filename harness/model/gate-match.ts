import type { Endpoint } from './endpoint.ts';
import type { Hold } from './observation.ts';
import { hasFlags, type Segment } from './segment.ts';

/** Whether a gate means such a segment, whenever it comes. */
export function isMeant(
  { source, destination, flags, without = 0 }: Pick<Hold, 'source' | 'destination' | 'flags' | 'without'>,
  segment: Segment,
): boolean {
  return (
    hasFlags(segment, flags) &&
    (segment.flags & without) === 0 &&
    isPart(source, segment.source) &&
    isPart(destination, segment.destination)
  );
}

function isPart(part: Partial<Endpoint>, whole: Endpoint): boolean {
  return (
    (part.address === undefined || part.address === whole.address) &&
    (part.port === undefined || part.port === whole.port)
  );
}
