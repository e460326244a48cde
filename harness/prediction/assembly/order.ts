/** Of a connection's two links, the next one comes first, and here the previous one. */
const PREVIOUS = 4;

/**
 * Connections in the order in which they were added, each at most once; taking any of them out costs as little as the
 * first. The links lie with the connections.
 */
export class Order {
  /** The one that was added first; 0 when there is none. */
  first: usize = 0;
  private last: usize = 0;
  size: i32 = 0;

  /** @param links where in a connection its links lie */
  constructor(private readonly links: usize) {}

  /** One that is not in the order. */
  add(connection: usize): void {
    const links = connection + this.links;
    store<usize>(links, 0);
    store<usize>(links, this.last, PREVIOUS);
    if (this.last === 0) this.first = connection;
    else store<usize>(this.last + this.links, connection);
    this.last = connection;
    this.size++;
  }

  /** One that is in the order. */
  remove(connection: usize): void {
    const links = connection + this.links;
    const next = load<usize>(links);
    const previous = load<usize>(links, PREVIOUS);
    if (previous === 0) this.first = next;
    else store<usize>(previous + this.links, next);
    if (next === 0) this.last = previous;
    else store<usize>(next + this.links, previous, PREVIOUS);
    this.size--;
  }
}
