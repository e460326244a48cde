import type { Anomaly } from '../model/anomaly.ts';
import { namesOf } from './anomaly-names.ts';

/** More kinds of anomaly than a person would read; what an attacker could cause ends here. */
const MOST_ANOMALIES = 32;

/** Shared by all that have none. Never written. */
const NO_ANOMALIES = new Map<string, FirstSeen>();

/** Of one kind of anomaly at one end. */
interface FirstSeen {
  readonly what: string;
  readonly fromClient: boolean;
  readonly frame: number;
  times: number;
}

/** What was odd about one connection: each kind at each end once, with its first frame and how often it was seen. */
export class AnomalyLog {
  #anomalies = NO_ANOMALIES;

  clear(): void {
    this.#anomalies = NO_ANOMALIES;
  }

  get isEmpty(): boolean {
    return this.#anomalies.size === 0;
  }

  /** In order of their first segments. */
  get list(): readonly Anomaly[] {
    return Array.from(this.#anomalies.values(), ({ what, fromClient, frame, times }) => {
      const { zeek, suricata } = namesOf(what);
      return {
        name: zeek ?? suricata ?? what,
        what,
        ...(zeek !== undefined && { zeek }),
        ...(suricata !== undefined && { suricata }),
        from: fromClient ? 'client' : 'server',
        frame,
        times,
      };
    });
  }

  note(what: string, fromClient: boolean, frame: number): void {
    if (this.#anomalies === NO_ANOMALIES) this.#anomalies = new Map();
    const key = fromClient ? what : `${what} `;
    const known = this.#anomalies.get(key);
    if (known !== undefined) known.times++;
    else if (this.#anomalies.size < MOST_ANOMALIES) {
      this.#anomalies.set(key, { what, fromClient, frame, times: 1 });
    }
  }
}
