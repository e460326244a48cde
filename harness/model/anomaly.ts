import type { Side } from './connection.ts';

/** Something in a connection that RFC 9293's table does not allow. Plain data. */
export interface Anomaly {
  /** Zeek's weird where it has a name for it, else Suricata's stream event, else the words of {@link what}. */
  readonly name: string;
  /** In words. */
  readonly what: string;
  readonly zeek?: string;
  /** Without the `stream.` that Suricata's rules leave out, too. */
  readonly suricata?: string;
  /** Who sent the segment. */
  readonly from: Side;
  /** The first such segment: ordinal of its frame in the capture, from 1. */
  readonly frame: number;
  readonly times: number;
}
