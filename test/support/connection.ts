/** Builders of model data: a connection told as a list of segments, each field given only where it matters. */
import { otherSide } from '../../harness/model/connection.ts';
import type {
  Connection,
  ConnectionSummary,
  ObservedState,
  PlacedJsReport,
  Side,
  TrackedSegment,
} from '../../harness/model/connection.ts';
import type { Endpoint } from '../../harness/model/endpoint.ts';
import type { JsReport } from '../../harness/model/observation.ts';
import {
  Flag,
  parseFlags,
  sequenceLength,
  type Segment,
  type TcpOptions,
} from '../../harness/model/segment.ts';
import { seqAdd } from '../../harness/model/sequence-number.ts';
import type { TcpState } from '../../harness/model/tcp-state.ts';

/** Time zero of built connections, ns since the epoch. */
export const BUILT_AT_NS = 1_700_000_000_000_000_000n;

/** First sequence number of each side, where a builder needs an absolute one. */
export const INITIAL_SEQUENCE: Readonly<Record<Side, number>> = { client: 3_000_000_000, server: 100_000 };

/** `ms` after {@link BUILT_AT_NS}, to the ns. */
export function builtAtNs(ms: number): bigint {
  return BUILT_AT_NS + BigInt(Math.round(ms * 1e6));
}

/** One segment of a conversation; what is left out follows from the segments before it. */
export interface SegmentStep {
  readonly from: Side;
  /** `FIN,ACK`. */
  readonly flags: string;
  readonly atMs: number;
  /** Payload octets. @default 0 */
  readonly bytes?: number;
  /** Both ends' states afterwards, client first. @default those of the segment before */
  readonly states?: readonly [client: TcpState, server: TcpState];
  /** Relative. @default the sender's next */
  readonly sequence?: number;
  /** Relative. @default all that was received from the other side */
  readonly acknowledgment?: number;
  /** @default false */
  readonly retransmission?: boolean;
  /** @default true */
  readonly delivered?: boolean;
  readonly anomalies?: readonly string[];
  /** @default 512 */
  readonly window?: number;
  readonly options?: TcpOptions;
  /** @default one more than that of the segment before */
  readonly frame?: number;
}

export interface ConnectionParts {
  readonly segments?: readonly SegmentStep[];
  readonly observedStates?: readonly ObservedState[];
  readonly js?: readonly PlacedJsReport[];
  readonly summary?: Partial<ConnectionSummary>;
  /** @default 1 */
  readonly id?: number;
  /** @default 127.0.0.1:40002 */
  readonly client?: Endpoint;
  /** @default 127.0.0.1:7000 */
  readonly server?: Endpoint;
}

/** A connection of the given parts; its summary is that of an open one where `summary` says nothing else. */
export function connection(parts: ConnectionParts = {}): Connection {
  const client = parts.client ?? { address: '127.0.0.1', port: 40002 };
  const server = parts.server ?? { address: '127.0.0.1', port: 7000 };
  const segments = conversation(parts.segments ?? [], { client, server });
  return {
    id: parts.id ?? 1,
    client,
    server,
    segments,
    observedStates: parts.observedStates ?? [],
    js: parts.js ?? [],
    summary: {
      opener: 'client',
      ending: 'open',
      simultaneousClose: false,
      bytesAfterFirstFin: 0,
      timeWaitHolders: [],
      timeWaitSource: 'wire',
      retransmissions: segments.filter(({ retransmission }) => retransmission).length,
      payloadBytes: { client: payloadFrom(segments, 'client'), server: payloadFrom(segments, 'server') },
      ...parts.summary,
    },
  };
}

/** The segments of `steps`, sequence and acknowledgement numbers running on from one to the next. */
export function conversation(
  steps: readonly SegmentStep[],
  endpoints: Readonly<Record<Side, Endpoint>>,
): readonly TrackedSegment[] {
  const next: Record<Side, number> = { client: 0, server: 0 };
  const received: Record<Side, number> = { client: 0, server: 0 };
  let states: readonly [TcpState, TcpState] = ['CLOSED', 'LISTEN'];
  let frame = 0;
  return steps.map((step) => {
    const { from } = step;
    states = step.states ?? states;
    frame = step.frame ?? frame + 1;
    const sequence = step.sequence ?? next[from];
    const acknowledgment = step.acknowledgment ?? received[from];
    const segment = segmentOf(step, { frame, sequence, acknowledgment, endpoints });
    const end = sequence + sequenceLength(segment);
    next[from] = Math.max(next[from], end);
    if (step.delivered !== false) received[otherSide(from)] = Math.max(received[otherSide(from)], end);
    return {
      segment,
      from,
      atNs: segment.capturedAtNs,
      sequence,
      ...((segment.flags & Flag.ACK) !== 0 && { acknowledgment }),
      retransmission: step.retransmission ?? false,
      delivered: step.delivered ?? true,
      transitions: [],
      statesAfter: { client: states[0], server: states[1] },
      anomalies: step.anomalies ?? [],
    };
  });
}

interface Placement {
  readonly frame: number;
  readonly sequence: number;
  readonly acknowledgment: number;
  readonly endpoints: Readonly<Record<Side, Endpoint>>;
}

function segmentOf(step: SegmentStep, { frame, sequence, acknowledgment, endpoints }: Placement): Segment {
  const flags = parseFlags(step.flags);
  const to = otherSide(step.from);
  return {
    frame,
    capturedAtNs: builtAtNs(step.atMs),
    source: endpoints[step.from],
    destination: endpoints[to],
    flags,
    sequenceNumber: seqAdd(INITIAL_SEQUENCE[step.from], sequence),
    acknowledgmentNumber: (flags & Flag.ACK) === 0 ? 0 : seqAdd(INITIAL_SEQUENCE[to], acknowledgment),
    window: step.window ?? 512,
    payloadBytes: step.bytes ?? 0,
    options: step.options ?? {},
  };
}

function payloadFrom(segments: readonly TrackedSegment[], side: Side): number {
  return segments
    .filter(({ from, retransmission }) => from === side && !retransmission)
    .reduce((sum, { segment }) => sum + segment.payloadBytes, 0);
}

/**
 * `ss` showed `side` in `state`, in snapshots taken between each of these pairs of ms.
 * @param options.earliestMs when the last snapshot that showed another state began @default the first pair's start
 */
export function observed(
  side: Side,
  state: TcpState,
  snapshots: readonly (readonly [fromMs: number, toMs: number])[],
  options: { readonly earliestMs?: number } = {},
): ObservedState {
  const samples = snapshots.map(([fromMs, toMs]) => ({ fromNs: builtAtNs(fromMs), toNs: builtAtNs(toMs) }));
  const [first, last] = [samples.at(0), samples.at(-1)];
  if (first === undefined || last === undefined) throw new TypeError('an observed state needs a snapshot');
  const earliestNs = options.earliestMs === undefined ? first.fromNs : builtAtNs(options.earliestMs);
  return { side, state, earliestNs, latestNs: first.toNs, samples, lastSeenNs: last.toNs };
}

type ReportDetails = Partial<Omit<JsReport, 'atNs' | 'kind' | 'name'>>;

/** The program at `side` called `name`. */
export function call(side: Side, name: string, atMs: number, details: ReportDetails = {}): PlacedJsReport {
  const atNs = builtAtNs(atMs);
  return { side, atNs, report: { atNs, kind: 'call', name, ...details } };
}

/** The socket at `side` emitted `name`. */
export function event(side: Side, name: string, atMs: number, details: ReportDetails = {}): PlacedJsReport {
  const atNs = builtAtNs(atMs);
  return { side, atNs, report: { atNs, kind: 'event', name, ...details } };
}
