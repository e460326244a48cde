import type { Lane } from './observation.ts';

/** One way in which the evidence falls short of "everything that happened was seen". */
export interface Damage {
  readonly lane: Lane;
  readonly kind: /** The kernel dropped packets before tcpdump read them. */
    | 'kernel-drops'
    /** tcpdump ended before it was told to. */
    | 'capture-ended'
    /** A network interface came up after the capture had begun, and is not captured. */
    | 'interface-missed'
    /** The capture could not be saved whole (disk full). */
    | 'file-incomplete'
    /** Packets that were captured and could not be decoded up to the TCP header. */
    | 'undecodable'
    /** Which segments a gate kept from their receiver cannot be told. */
    | 'fault-uncertain'
    /** A snapshot of sockets failed. */
    | 'sampling-failed'
    /** A lane does not exist on this machine or in this run. */
    | 'lane-missing'
    /** A peer process ended or stopped reporting. */
    | 'reports-lost'
    /** Segments that a gate was to keep are lost, or may have left by themselves. */
    | 'gate-leaked';
  /** What happened, in words, with counts. */
  readonly detail: string;
}

/** A kernel setting that a private network had otherwise than usual. */
export interface NetworkSetting {
  /** `net.ipv4.tcp_fin_timeout`. */
  readonly sysctl: string;
  /** `an orphan’s time in FIN-WAIT-2`. */
  readonly words: string;
  /** With its unit: `2 s`. */
  readonly here: string;
  readonly usual: string;
}

/** How far a run's evidence can be trusted; verdicts consult it before they say `met`. */
export interface EvidenceQuality {
  /** Empty when nothing is known to be missing. */
  readonly damage: readonly Damage[];
  /** Largest error of a node or kernel time put on the capture's clock, ns. Absent without a fence. */
  readonly clockErrorNs?: bigint;
  /** Settings of the network that are not the usual ones: times that are shown are shorter for them. */
  readonly settings?: readonly NetworkSetting[];
  /** Longest time between two `ss` snapshots during the run, ns. Absent without snapshots. */
  readonly largestSamplingGapNs?: bigint;
}
