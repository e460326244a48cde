/** A gate that holds; segments pass again, at their next retransmission, once it is released. */
export interface Gate extends AsyncDisposable {
  /** Idempotent. */
  release(): Promise<void>;
}

/** Released once, however often it is asked for. */
export function gateOf(release: () => Promise<void>): Gate {
  let released: Promise<void> | undefined;
  const once = async (): Promise<void> => {
    released ??= release();
    await released;
  };
  return { release: once, [Symbol.asyncDispose]: once };
}
