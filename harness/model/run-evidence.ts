import type { Side } from './connection.ts';
import type { Endpoint } from './endpoint.ts';
import type { Damage } from './evidence.ts';
import type { ClockReading, Hold, JsReport, SocketSnapshot } from './observation.ts';
import type { Segment } from './segment.ts';

/** Everything that the three lanes saw of one run, each on its own clock, before it is joined. Plain data. */
export interface RunEvidence {
  /** Where the server listens, or where nobody does. */
  readonly server: Endpoint;
  /** Absent while it is not known: before it connects, and when it cannot be told from other clients. */
  readonly client?: Endpoint;
  /** In capture order; of the client's connection only, so that the timeline's first connection is the run's. */
  readonly segments: readonly Segment[];
  /** In order of time. */
  readonly snapshots: readonly SocketSnapshot[];
  /** In order of arrival; each process reports in order. */
  readonly reports: readonly {
    readonly side: Side;
    readonly report: JsReport;
    /** Which of the run's sockets made it, where that is known: two may have the same ends one after the other. */
    readonly socket?: string;
  }[];
  readonly clockReadings: readonly ClockReading[];
  readonly holds: readonly Hold[];
  readonly damage: readonly Damage[];
  /**
   * Whether segments may have crossed that are not among {@link segments}, and nothing counted them: a capture that
   * somebody took somewhere. An acknowledgement of unseen octets is then proof that they crossed. @default false
   */
  readonly wireMayMiss?: boolean;
}
