import type { Side } from '../model/connection.ts';
import { type Endpoint, formatEndpoint, sameEndpoint } from '../model/endpoint.ts';
import type { Damage } from '../model/evidence.ts';
import type { ClockReading, Hold, JsReport, SocketSnapshot } from '../model/observation.ts';
import type { RunEvidence } from '../model/run-evidence.ts';
import { flagsText, type Segment } from '../model/segment.ts';
import { damageKey } from './damage-key.ts';
import { OwnConnection } from './own-connection.ts';
import { Waiters } from './waiters.ts';

type SideReport = RunEvidence['reports'][number];

/** What the three lanes have seen of one pair so far; wakes whoever waits for more. */
export class Recording {
  readonly server: Endpoint;
  readonly snapshots: SocketSnapshot[] = [];
  /** Monotonic ns. */
  readonly beganAtNs: bigint = process.hrtime.bigint();
  readonly #damage = new Map<string, Damage>();
  readonly #connection: OwnConnection;
  readonly #reports: SideReport[] = [];
  readonly #waiters = new Waiters();
  #isDisturbed = false;
  #failure: Error | undefined;

  constructor(server: Endpoint) {
    this.server = server;
    this.#connection = new OwnConnection(server);
  }

  /** The client's end; undefined while it is not known. */
  get client(): Endpoint | undefined {
    return this.#connection.client;
  }

  /** Those of the pair's own connection, in capture order. */
  get segments(): readonly Segment[] {
    return this.#connection.segments;
  }

  /** In order of arrival; what the server's program said of another client is left out. */
  get reports(): readonly SideReport[] {
    const { client } = this;
    return this.#reports.filter(({ side, report: { peer } }) => {
      return side === 'client' || client === undefined || peer === undefined || sameEndpoint(peer, client);
    });
  }

  /** The client is being told to connect: what comes now may be of its connection, what came before is not. */
  followConnection(): void {
    this.#connection.follow();
  }

  /** The kernel has given the client's socket this end. */
  confirmClient(client: Endpoint): void {
    this.#connection.confirm(client);
    this.#waiters.wakeAll();
  }

  sideOf(segment: Segment): Side {
    return sameEndpoint(segment.source, this.server) ? 'server' : 'client';
  }

  addSegment(segment: Segment): void {
    this.#connection.add(segment);
    this.#waiters.wakeAll();
  }

  /** @param socket which of the lab's made it; left out, it is the server's own or a signal's */
  addReport(side: Side, report: JsReport, socket?: string): void {
    this.#reports.push({ side, report, ...(socket !== undefined && { socket }) });
    if (side === 'client' && report.local !== undefined) this.#connection.confirm(report.local);
    this.#waiters.wakeAll();
  }

  addSnapshot(snapshot: SocketSnapshot): void {
    this.snapshots.push(snapshot);
  }

  addDamage(damage: Damage): void {
    this.#damage.set(damageKey(damage), damage);
    this.#waiters.wakeAll();
  }

  /** A gate was set: what was kept back may come when all seems to be over, and what seems to have come may be lost. */
  disturb(): void {
    this.#isDisturbed = true;
  }

  get isDisturbed(): boolean {
    return this.#isDisturbed;
  }

  /** True when no segment will be seen any more. */
  get captureEnded(): boolean {
    return [...this.#damage.values()].some(({ kind }) => kind === 'capture-ended');
  }

  /** Nothing more will come in any lane: whoever waits learns why. */
  fail(reason: Error): void {
    this.#failure ??= reason;
    this.#waiters.wakeAll();
  }

  /**
   * Resolves at the next segment, report or damage.
   * @throws what {@link fail} was given
   */
  async changed(): Promise<void> {
    if (this.#failure === undefined) await this.#waiters.wait();
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
    const { client, server } = this;
    return {
      server,
      ...(client && { client }),
      segments: [...this.segments],
      snapshots: [...this.snapshots],
      reports: this.reports,
      clockReadings,
      holds: holds.filter(({ releasedNs }) => releasedNs === undefined || releasedNs >= this.beganAtNs),
      damage: this.#allDamage(),
    };
  }

  #allDamage(): Damage[] {
    const { rivals } = this.#connection;
    if (rivals.length < 2) return [...this.#damage.values()];
    const ends = rivals.map(formatEndpoint).join(', ');
    const detail = `the client never told its own end, and it may be any of ${ends}`;
    return [...this.#damage.values(), { lane: 'node', kind: 'reports-lost', detail }];
  }
}
