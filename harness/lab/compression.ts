import type { NetworkSetting } from '../model/evidence.ts';
import { rejectUnknownOptions } from '../options.ts';

/** Timers of the kernel that a private network may have shorter, or retries that it may have fewer. */
export interface TimeCompression {
  /**
   * Least time before a segment is sent again (Linux: 200 ms; to be set since 6.11); a longer one leaves room to look in
   * peace. A SYN and a SYN,ACK are sent again after 1 s all the same.
   */
  readonly retransmitAfterMs?: number;
  /** Most time before a segment is sent again (Linux: 120 s; to be set since 6.15, to no less than 1 s). */
  readonly retransmitAfterAtMostMs?: number;
  /** Silence before the first keep-alive probe (Linux: 2 h), where the program names none. */
  readonly keepAliveAfterS?: number;
  /** Between keep-alive probes (Linux: 75 s), where the program names none. */
  readonly keepAliveEveryS?: number;
  /** Unanswered keep-alive probes that end a connection (Linux: 9), where the program names none. */
  readonly keepAliveProbes?: number;
  /** How long an orphan waits in FIN-WAIT-2 (Linux: 60 s). TIME-WAIT is not meant: its 60 s are fixed. */
  readonly finTimeoutS?: number;
  /**
   * A SYN is sent again for as long as so many retries take that come after 1 s, 2 s, 4 s, … (Linux: 6). Since 6.5 the
   * first four come a second apart (tcp_syn_linear_timeouts), so that more of them go into that time.
   */
  readonly synRetries?: number;
  /** How often a SYN,ACK is sent again (Linux: 5). */
  readonly synAckRetries?: number;
  /**
   * Data is sent again, before the connection is given up, for as long as so many retries take that come after 200 ms,
   * 400 ms, … (Linux: 15). With a shorter {@link retransmitAfterMs} more of them go into that time.
   */
  readonly retries?: number;
  /** The same for an orphan's segments (Linux: 0, which it reads as 8). */
  readonly orphanRetries?: number;
}

interface Knob {
  readonly sysctl: string;
  readonly words: string;
  readonly unit: 'ms' | 's' | '';
  /** How many of the kernel's units one of ours has. */
  readonly scale?: number;
}

const KNOBS: Readonly<Record<keyof TimeCompression, Knob>> = {
  retransmitAfterMs: {
    sysctl: 'net.ipv4.tcp_rto_min_us',
    words: 'least time before a retransmission',
    unit: 'ms',
    scale: 1000,
  },
  retransmitAfterAtMostMs: {
    sysctl: 'net.ipv4.tcp_rto_max_ms',
    words: 'most time before a retransmission',
    unit: 'ms',
  },
  keepAliveAfterS: {
    sysctl: 'net.ipv4.tcp_keepalive_time',
    words: 'silence before keep-alive',
    unit: 's',
  },
  keepAliveEveryS: {
    sysctl: 'net.ipv4.tcp_keepalive_intvl',
    words: 'between keep-alive probes',
    unit: 's',
  },
  keepAliveProbes: { sysctl: 'net.ipv4.tcp_keepalive_probes', words: 'keep-alive probes', unit: '' },
  finTimeoutS: {
    sysctl: 'net.ipv4.tcp_fin_timeout',
    words: 'an orphan’s time in FIN-WAIT-2',
    unit: 's',
  },
  synRetries: { sysctl: 'net.ipv4.tcp_syn_retries', words: 'retries of a SYN (as time, from 1 s)', unit: '' },
  synAckRetries: { sysctl: 'net.ipv4.tcp_synack_retries', words: 'retries of a SYN,ACK', unit: '' },
  retries: { sysctl: 'net.ipv4.tcp_retries2', words: 'retries of data (as time, from 200 ms)', unit: '' },
  orphanRetries: { sysctl: 'net.ipv4.tcp_orphan_retries', words: 'retries of an orphan', unit: '' },
};

/** Values of sysctls, by sysctl(8)'s names. */
export type Sysctls = Readonly<Record<string, string | number>>;

/** Settings of a private network that are not the usual ones, until they are put back. */
export interface Compression extends AsyncDisposable {
  /** Idempotent. */
  restore(): Promise<void>;
}

/** @throws TypeError for an unknown option */
export function sysctlsOf(time: TimeCompression): Sysctls {
  rejectUnknownOptions(time, Object.keys(KNOBS));
  return Object.fromEntries(
    Object.entries(time).map(([name, value]: [string, number]) => {
      const { sysctl, scale = 1 } = KNOBS[name as keyof TimeCompression];
      return [sysctl, value * scale];
    }),
  );
}

/** What a reader of times must know of a setting. */
export function describeSetting(sysctl: string, here: string, usual: string): NetworkSetting {
  const knob = Object.values(KNOBS).find((each) => each.sysctl === sysctl);
  const { words = sysctl, unit = '', scale = 1 } = knob ?? {};
  const show = (text: string): string => {
    const shown = scale === 1 ? spaced(text) : String(Number(text) / scale);
    return unit === '' ? shown : `${shown} ${unit}`;
  };
  return { sysctl, words, here: show(here), usual: show(usual) };
}

/** The kernel prints tabs between several values, people write spaces. */
export function spaced(values: string): string {
  return values.trim().replaceAll(/\s+/g, ' ');
}
