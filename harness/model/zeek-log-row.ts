/** A connection as Zeek's conn.log has it, so that what reads Zeek's logs reads ours. */
export interface ZeekLogRow {
  /** Time of the first packet: whole seconds since the epoch, and the nanoseconds within them. */
  readonly startSeconds: number;
  readonly startNanoseconds: number;
  readonly uid: string;
  readonly origHost: string;
  readonly origPort: number;
  readonly respHost: string;
  readonly respPort: number;
  /** Comma-separated names of application protocols. */
  readonly service?: string | undefined;
  /** Seconds. */
  readonly duration?: number | undefined;
  /** Octets of payload. */
  readonly origBytes?: number | undefined;
  readonly respBytes?: number | undefined;
  readonly connState: string;
  readonly missedBytes: number;
  readonly history: string;
  readonly origPkts: number;
  readonly origIpBytes: number;
  readonly respPkts: number;
  readonly respIpBytes: number;
  readonly communityId: string;
}
