/** A program of your own that runs in the lab's network. */
export interface Program extends AsyncDisposable {
  /** Everything it has printed so far. */
  readonly output: Readonly<Record<'stdout' | 'stderr', string>>;
  /** Resolves when it has ended, at the latest with its lab. */
  readonly ended: Promise<{ readonly exitCode: number | undefined; readonly signal: string | undefined }>;
  /**
   * Resolves with the first line of stdout that matches.
   * @throws FinwaitError ERR_FINWAIT_TIMEOUT with what it printed; ERR_FINWAIT_PROCESS_ENDED when it ended before
   */
  line(
    pattern: RegExp,
    options?: { readonly timeoutMs?: number; readonly signal?: AbortSignal },
  ): Promise<string>;
  signal(name: NodeJS.Signals): Promise<void>;
  /** Ends it with SIGTERM, after 5 s with SIGKILL, and resolves when it has ended. Idempotent. */
  stop(): Promise<void>;
}
