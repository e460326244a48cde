/** Packet counts as tcpdump prints them since it started; fence markers are among them. */
export interface CaptureStats {
  /** Packets that tcpdump wrote out. */
  readonly captured: number;
  /** Packets that passed the filter in the kernel. On `lo` twice `captured`: the tap sees both copies. */
  readonly received: number;
  /** Packets lost because the kernel's buffer was full. On `lo` the unseen second copies may be among them. */
  readonly dropped: number;
  /** Packets that the interface itself lost, where it counts them. */
  readonly droppedByInterface?: number;
}

const COUNTS: Readonly<Record<keyof CaptureStats, RegExp>> = {
  captured: /(\d+) packets? captured/,
  received: /(\d+) packets? received by filter/,
  dropped: /(\d+) packets? dropped by kernel/,
  droppedByInterface: /(\d+) packets? dropped by interface/,
};

/** The counts that tcpdump prints on SIGUSR1, all in one line. Undefined when not all are there. */
export function parseCaptureStats(text: string): CaptureStats | undefined {
  const captured = count(text, 'captured');
  const received = count(text, 'received');
  const dropped = count(text, 'dropped');
  const droppedByInterface = count(text, 'droppedByInterface');
  if (captured === undefined || received === undefined || dropped === undefined) return undefined;
  return { captured, received, dropped, ...(droppedByInterface === undefined ? {} : { droppedByInterface }) };
}

/** The counts that tcpdump prints at its end, a line each, among all that it has said. */
export function parseFinalStats(stderr: string): CaptureStats | undefined {
  return parseCaptureStats(stderr.replaceAll(/^tcpdump: .*$/gm, ''));
}

function count(text: string, name: keyof CaptureStats): number | undefined {
  const digits = COUNTS[name].exec(text)?.[1];
  return digits === undefined ? undefined : Number(digits);
}
