/** What stopped the decoding of a frame: data, never an exception. */
export interface DecodeIssue {
  readonly layer: 'link' | 'ipv4' | 'ipv6' | 'tcp' | 'tcp-options' | 'udp';
  /** Offset into the frame of the first byte that could not be used. */
  readonly offset: number;
  /** `data offset 3 words is below 5`. */
  readonly problem: string;
}

/** `tcp at byte 34: 8 of 20 header bytes captured`. */
export function formatDecodeIssue({ layer, offset, problem }: DecodeIssue): string {
  return `${layer} at byte ${offset}: ${problem}`;
}

export function cutShort(
  layer: DecodeIssue['layer'],
  offset: number,
  got: number,
  needed: number,
): DecodeIssue {
  return { layer, offset, problem: `${Math.max(got, 0)} of ${needed} header bytes captured` };
}
