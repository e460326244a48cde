/**
 * Server ports of a lab: never among those that the kernel gives to clients, so a port says which server a segment
 * belongs to, and used again as late as possible. On the host's loopback the capture is narrowed to the range.
 */
export class PortRange {
  readonly first: number;
  readonly last: number;
  #next: number;

  constructor(first: number, size: number) {
    this.first = first;
    this.last = first + size - 1;
    this.#next = first;
  }

  /** In a private network all below the ephemeral ports (from 32768 in a new network) are free. */
  static ofPrivateNetwork(): PortRange {
    return new PortRange(10_000, 20_000);
  }

  /**
   * A range of 200 ports outside the ephemeral ones, below them if it fits there, chosen at random so that labs side
   * by side seldom meet. Where the ephemeral ports leave no room it lies among them.
   */
  static anywhere(
    [ephemeralFirst, ephemeralLast]: readonly [number, number],
    random: () => number = Math.random,
  ): PortRange {
    const size = 200;
    const [bottom, top] = [10_000, 65_536 - size];
    const outside = [
      [bottom, ephemeralFirst - size],
      [ephemeralLast + 1, top],
    ] as const;
    const [lowest, highest] = outside.find(([low, high]) => low <= high) ?? [bottom, top];
    return new PortRange(lowest + Math.floor(random() * (highest - lowest + 1)), size);
  }

  /**
   * Calls `listenOn` with the next port, and the one after it when another program has that one.
   * @throws what `listenOn` throws last, when every port of the range is taken
   */
  async take<T>(listenOn: (port: number) => Promise<T>): Promise<T> {
    for (let tries = this.last - this.first; ; tries--) {
      const port = this.#next;
      this.#next = port === this.last ? this.first : port + 1;
      try {
        return await listenOn(port);
      } catch (error) {
        if (tries === 0 || (error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
      }
    }
  }
}
