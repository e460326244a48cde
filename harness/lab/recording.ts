import type { Side } from '../model/connection.ts';
import { type Endpoint, sameEndpoint } from '../model/endpoint.ts';
import type { Damage } from '../model/evidence.ts';
import type { ClockReading, Hold, JsReport, SocketSnapshot } from '../model/observation.ts';
import type { RunEvidence } from '../model/run-evidence.ts';
import { Flag, flagsText, hasFlags, type Segment } from '../model/segment.ts';

/** What the three lanes have seen of one pair so far; wakes whoever waits for more. */
export class Recording {
  readonly server: Endpoint;
  readonly segments: Segment[] = [];
  readonly snapshots: SocketSnapshot[] = [];
  readonly reports: { readonly side: Side; readonly report: JsReport }[] = [];
  readonly #damage: Damage[] = [];
  #wake: (() => void)[] = [];

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
    this.#damage.push(damage);
    this.#notify();
  }

  /** Resolves at the next segment, report or damage. */
  async changed(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#wake.push(resolve);
    });
  }

  /** The newest segment and report, for messages. */
  lastSeen(): string {
    const segment = this.segments.at(-1);
    const entry = this.reports.at(-1);
    const onWire = segment && `${this.sideOf(segment)} ${flagsText(segment.flags)} (frame ${segment.frame})`;
    const inJs = entry && `${entry.side} ${entry.report.name}`;
    return [onWire, inJs].filter(Boolean).join(', ') || 'nothing';
  }

  evidence(clockReadings: readonly ClockReading[], holds: readonly Hold[]): RunEvidence {
    return {
      server: this.server,
      segments: [...this.segments],
      snapshots: [...this.snapshots],
      reports: [...this.reports],
      clockReadings,
      holds,
      damage: [...this.#damage],
    };
  }

  #notify(): void {
    const wake = this.#wake;
    this.#wake = [];
    for (const resolve of wake) resolve();
  }
}
