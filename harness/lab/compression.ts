import { rejectUnknownOptions } from '../options.ts';
import type { NetworkSetting } from '../model/evidence.ts';

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

/** What a network's setting was, so that it can be put back. */
export interface Changed {
  readonly sysctl: string;
  readonly before: string;
}

interface Sysctls {
  readSysctl(name: string): Promise<string>;
  writeSysctl(name: string, value: string | number): Promise<void>;
}

/**
 * Changes settings of a private network.
 * @returns what was there, and what a reader of times must know
 * @throws FinwaitError ERR_FINWAIT_NEEDS_PRIVATE_NETWORK, ERR_FINWAIT_SYSCTL; TypeError for an unknown option
 */
export async function applySettings(
  network: Sysctls,
  time: TimeCompression,
  sysctls: Readonly<Record<string, string | number>> = {},
): Promise<{ readonly changed: readonly Changed[]; readonly settings: readonly NetworkSetting[] }> {
  rejectUnknownOptions(time, Object.keys(KNOBS));
  const knobs = Object.entries(time).map(([name, value]: [string, number]) => {
    const knob = KNOBS[name as keyof TimeCompression];
    return { ...knob, value: value * (knob.scale ?? 1) };
  });
  const others = Object.entries(sysctls).map(([sysctl, value]) => {
    return { sysctl, value, words: sysctl, unit: '' as const, scale: 1 };
  });
  const changed: Changed[] = [];
  const settings: NetworkSetting[] = [];
  for (const { sysctl, value, words, unit, scale = 1 } of [...knobs, ...others]) {
    const before = await network.readSysctl(sysctl);
    try {
      await network.writeSysctl(sysctl, value);
    } catch (error) {
      await restoreSettings(network, changed);
      throw error;
    }
    changed.push({ sysctl, before });
    const show = (text: string): string => {
      const shown = scale === 1 ? text.replaceAll(/\s+/g, ' ') : String(Number(text) / scale);
      return unit === '' ? shown : `${shown} ${unit}`;
    };
    settings.push({ sysctl, words, here: show(String(value)), usual: show(before) });
  }
  return { changed, settings };
}

/** Puts back what {@link applySettings} changed. */
export async function restoreSettings(network: Sysctls, changed: readonly Changed[]): Promise<void> {
  for (const { sysctl, before } of changed.toReversed()) await network.writeSysctl(sysctl, before);
}
