import type { Side } from '../model/connection.ts';
import { type Endpoint, sameEndpoint } from '../model/endpoint.ts';
import type { Damage } from '../model/evidence.ts';
import type { ClockReading, Hold, JsReport, SocketSnapshot } from '../model/observation.ts';
import type { RunEvidence } from '../model/run-evidence.ts';
import { Flag, flagsText, hasFlags, type Segment } from '../model/segment.ts';
import { damageKey } from './damage-key.ts';

/** What the three lanes have seen of one pair so far; wakes whoever waits for more. */
export class Recording {
  readonly server: Endpoint;
  readonly segments: Segment[] = [];
  readonly snapshots: SocketSnapshot[] = [];
  readonly reports: { readonly side: Side; readonly report: JsReport }[] = [];
  /** Monotonic ns. */
  readonly beganAtNs: bigint = process.hrtime.bigint();
  readonly #damage = new Map<string, Damage>();
  #wake: (() => void)[] = [];
  #failure: Error | undefined;

  constructor(server: Endpoint) {
    this.server = server;
  }

  /** The end that sent the first SYN. */
  get client(): Endpoint | undefined {
    return this.segments.find((segment) => hasFlags(segment, Flag.SYN))?.source;
  }

  sideOf(segment: Segment): Side {
    return sameEndpoint(segment.source, this.server) ? 'server' : 'client';
  }

  addSegment(segment: Segment): void {
    this.segments.push(segment);
    this.#notify();
  }

  addReport(side: Side, report: JsReport): void {
    this.reports.push({ side, report });
    this.#notify();
  }

  addSnapshot(snapshot: SocketSnapshot): void {
    this.snapshots.push(snapshot);
  }

  addDamage(damage: Damage): void {
    this.#damage.set(damageKey(damage), damage);
    this.#notify();
  }

  /** True when no segment will be seen any more. */
  get captureEnded(): boolean {
    return [...this.#damage.values()].some(({ kind }) => kind === 'capture-ended');
  }

  /** Nothing more will come in any lane: whoever waits learns why. */
  fail(reason: Error): void {
    this.#failure ??= reason;
    this.#notify();
  }

  /**
   * Resolves at the next segment, report or damage.
   * @throws what {@link fail} was given
   */
  async changed(): Promise<void> {
    if (this.#failure === undefined) {
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve);
      });
    }
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** The newest segment and report, for messages. */
  lastSeen(): string {
    const segment = this.segments.at(-1);
    const entry = this.reports.at(-1);
    const onWire = segment && `${this.sideOf(segment)} ${flagsText(segment.flags)} (frame ${segment.frame})`;
    const inJs = entry && `${entry.side} ${entry.report.name}`;
    return [onWire, inJs].filter(Boolean).join(', ') || 'nothing';
  }

  /** @param holds of the lab; those that were released before this recording began are left out */
  evidence(clockReadings: readonly ClockReading[], holds: readonly Hold[]): RunEvidence {
    return {
      server: this.server,
      segments: [...this.segments],
      snapshots: [...this.snapshots],
      reports: [...this.reports],
      clockReadings,
      holds: holds.filter(({ toNs }) => toNs === undefined || toNs >= this.beganAtNs),
      damage: [...this.#damage.values()],
    };
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
