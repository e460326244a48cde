import type { BirpcReturn } from 'birpc';
import type { Side } from '../model/connection.ts';
import type { NetworkSetting } from '../model/evidence.ts';
import type { ClockReading, Hold } from '../model/observation.ts';
import type { WaitOptions } from '../timing.ts';
import type { Gate } from './gate.ts';
import type { LabEvents } from './lab-events.ts';
import type { AgentEvents, AgentFunctions, FaultRule } from './protocol.ts';

/** What a pair shares with the other pairs of its lab. */
export interface SharedLab {
  readonly agent: BirpcReturn<AgentFunctions, AgentEvents>;
  readonly events: LabEvents;
  readonly clockReadings: readonly ClockReading[];
  readonly holds: () => readonly Hold[];
  /** Those that were not the usual ones at some time since. */
  readonly settingsSince: (atNs: bigint) => readonly NetworkSetting[];
  /** A name for a server or socket that no other of this lab has. */
  readonly nextId: () => number;
  /** Of that side's host. */
  readonly addressOf: (side: Side) => string;
  readonly fence: (options: WaitOptions) => Promise<void>;
  readonly fault: (rule: FaultRule) => Promise<Gate>;
}
