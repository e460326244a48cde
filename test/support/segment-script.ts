/**
 * Conversations written like a packet listing: `script(['client SYN', 'server SYN,ACK', 'client ACK'])`.
 * Sequence and acknowledgement numbers follow from the lines before; only what matters is written.
 *
 *     who flags [len N] [seq N] [ack N] [+N ms] [lost | unseen]
 *
 * - `who`: `client` or `server`; `we` and `peer` where one endpoint is followed;
 * - `len`: payload octets; `seq` and `ack`: relative to the initial sequence numbers;
 * - `+N ms`: since the line before, 1 ms if left out;
 * - `lost`: seen on the wire, never received; `unseen`: received, never captured.
 */
import { correlate } from '../../harness/correlate/correlate.ts';
import { type Connection, otherSide, type Side, type Timeline } from '../../harness/model/connection.ts';
import type { Endpoint } from '../../harness/model/endpoint.ts';
import type { Damage } from '../../harness/model/evidence.ts';
import type { Hold, JsReport, SocketSample, SocketSnapshot } from '../../harness/model/observation.ts';
import type { RunEvidence } from '../../harness/model/run-evidence.ts';
import { Flag, parseFlags, type Segment, sequenceLength } from '../../harness/model/segment.ts';
import { seqAdd } from '../../harness/model/sequence-number.ts';
import type { TcpState } from '../../harness/model/tcp-state.ts';

/** When scripts begin, ns since the epoch; the monotonic clock shows 0 then. */
export const EPOCH_NS = 1_700_000_000_000_000_000n;
export const CLIENT: Endpoint = { address: '127.0.0.1', port: 40_000 };
export const SERVER: Endpoint = { address: '127.0.0.1', port: 7000 };

/** `[ms, client's state, server's state]`: a snapshot; CLOSED is not listed. A number behind a state: Recv-Q. */
export type ScriptedSnapshot = readonly [
  ms: number,
  client: TcpState | readonly [TcpState, number],
  server: TcpState | readonly [TcpState, number],
];

/** `[ms, who, name]`: a call if the name ends in `()`, an event otherwise. */
export type ScriptedReport = readonly [ms: number, who: Side, name: string, more?: Partial<JsReport>];

export interface ScriptOptions {
  /** Initial sequence numbers. @default 1000 and 5000 */
  readonly initial?: Readonly<Record<Side, number>>;
  readonly client?: Endpoint;
  readonly server?: Endpoint;
  /** Time of the first line, ms after {@link EPOCH_NS}. @default 1 */
  readonly fromMs?: number;
  /** Ordinal of the first segment. @default 1 */
  readonly firstFrame?: number;
}

export interface RunOptions extends ScriptOptions {
  readonly ss?: readonly ScriptedSnapshot[];
  readonly js?: readonly ScriptedReport[];
  readonly damage?: readonly Damage[];
  /** @default 1000 */
  readonly clockErrorNs?: bigint;
}

/** The three segments that open a connection, and the four that close it. */
export const OPENING: readonly string[] = ['client SYN', 'server SYN,ACK', 'client ACK'];
export const CLOSING_BY_CLIENT: readonly string[] = [
  'client FIN,ACK',
  'server ACK',
  'server FIN,ACK',
  'client ACK',
];

export function atNs(ms: number): bigint {
  return EPOCH_NS + BigInt(Math.round(ms * 1e6));
}

/** The segments that were captured. */
export function script(lines: readonly string[], options: ScriptOptions = {}): Segment[] {
  return play(lines, options)
    .filter(({ line }) => !line.unseen)
    .map(({ segment }) => segment);
}

/** What the three lanes saw of the conversation. */
export function run(lines: readonly string[], options: RunOptions = {}): RunEvidence {
  const { client = CLIENT, server = SERVER, clockErrorNs = 1000n, ss = [], js = [], damage = [] } = options;
  const played = play(lines, options);
  return {
    server,
    segments: played.filter(({ line }) => !line.unseen).map(({ segment }) => segment),
    snapshots: ss.map((snapshot) => socketSnapshot(snapshot, { client, server })),
    reports: js.map(([ms, side, name, more]) => ({
      side,
      report: jsReport(ms, side, name, { client, server }, more),
    })),
    clockReadings: [
      { sentAfterNs: 0n, sentBeforeNs: 2n * clockErrorNs, capturedAtNs: EPOCH_NS + clockErrorNs },
    ],
    holds: played.filter(({ line }) => line.lost).map(({ segment }) => holdOf(segment)),
    damage,
  };
}

export function timelineOf(lines: readonly string[], options: RunOptions = {}): Timeline {
  return correlate(run(lines, options));
}

/** The first connection of the conversation. */
export function connectionOf(lines: readonly string[], options: RunOptions = {}): Connection {
  const [connection] = timelineOf(lines, options).connections;
  if (connection === undefined) throw new TypeError('the script has no segment');
  return connection;
}

interface Line {
  readonly from: Side;
  readonly flags: number;
  readonly payloadBytes: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly afterMs: number;
  readonly lost: boolean;
  readonly unseen: boolean;
}

const LINE =
  /^(client|server|we|peer) ([A-Z,]+|none)(?: len (\d+))?(?: seq (-?\d+))?(?: ack (-?\d+))?(?: \+([\d.]+) ms)?(?: (lost|unseen))?$/;

function parseLine(text: string): Line {
  const match = LINE.exec(text);
  if (match === null) throw new TypeError(`Not a line of a script: "${text}"`);
  const [, who, flags = '', len, seq, ack, after, fate] = match;
  return {
    from: who === 'client' || who === 'we' ? 'client' : 'server',
    flags: flags === 'none' ? 0 : parseFlags(flags),
    payloadBytes: Number(len ?? 0),
    ...(seq !== undefined && { seq: Number(seq) }),
    ...(ack !== undefined && { ack: Number(ack) }),
    afterMs: Number(after ?? 1),
    lost: fate === 'lost',
    unseen: fate === 'unseen',
  };
}

/** Where one side stands, relative to its initial sequence number. */
interface Position {
  /** Next octet to send. */
  next: number;
  /** Next octet that the other side waits for. */
  received: number;
  /** Octets received beyond a gap: `[from, to)`. */
  readonly ahead: [from: number, to: number][];
}

function play(
  lines: readonly string[],
  options: ScriptOptions,
): { readonly line: Line; readonly segment: Segment }[] {
  const { client = CLIENT, server = SERVER, fromMs = 1, firstFrame = 1 } = options;
  const initial = options.initial ?? { client: 1000, server: 5000 };
  const ends = { client, server };
  const positions: Record<Side, Position> = {
    client: { next: 0, received: 0, ahead: [] },
    server: { next: 0, received: 0, ahead: [] },
  };
  let ms = fromMs;
  let frame = firstFrame;
  return lines.map((text, index) => {
    const line = parseLine(text);
    const { from, flags, payloadBytes } = line;
    const to = otherSide(from);
    if (index > 0) ms += line.afterMs;
    const seq = line.seq ?? positions[from].next;
    const ack = line.ack ?? positions[to].received;
    const isReset = (flags & Flag.RST) !== 0;
    const end = seq + (isReset ? 0 : sequenceLength({ flags, payloadBytes }));
    positions[from].next = Math.max(positions[from].next, end);
    if (!line.lost) arrive(positions[from], seq, end);
    const segment: Segment = {
      frame,
      capturedAtNs: atNs(ms),
      source: ends[from],
      destination: ends[to],
      flags,
      sequenceNumber: seqAdd(initial[from], seq),
      acknowledgmentNumber: (flags & Flag.ACK) === 0 ? 0 : seqAdd(initial[to], ack),
      window: 512,
      payloadBytes,
      options: {},
    };
    if (!line.unseen) frame += 1;
    return { line, segment };
  });
}

function arrive(position: Position, from: number, to: number): void {
  position.ahead.push([from, to]);
  position.ahead.sort(([a], [b]) => a - b);
  for (const [left, right] of position.ahead) {
    if (left <= position.received) position.received = Math.max(position.received, right);
  }
}

/** A gate around the time of one segment. */
function holdOf({ source, destination, capturedAtNs }: Segment): Hold {
  const atNs = capturedAtNs - EPOCH_NS;
  const toNs = atNs + 400_000n;
  return { source, destination, flags: 0, fromNs: atNs - 400_000n, toNs, releasedNs: toNs };
}

/** 0.2 ms long. */
function socketSnapshot(
  [ms, ...states]: ScriptedSnapshot,
  { client, server }: Readonly<Record<Side, Endpoint>>,
): SocketSnapshot {
  const startedAtNs = atNs(ms) - EPOCH_NS;
  const sockets = states.flatMap((shown, index): SocketSample[] => {
    const [state, receiveQueue] = typeof shown === 'string' ? [shown, 0] : shown;
    if (state === 'CLOSED') return [];
    const [local, peer] = index === 0 ? [client, server] : [server, client];
    return [{ state, local, peer, receiveQueue, sendQueue: 0 }];
  });
  return { startedAtNs, endedAtNs: startedAtNs + 200_000n, sockets };
}

function jsReport(
  ms: number,
  side: Side,
  name: string,
  { client, server }: Readonly<Record<Side, Endpoint>>,
  more: Partial<JsReport> = {},
): JsReport {
  const isCall = name.endsWith('()');
  const [local, peer] = side === 'client' ? [client, server] : [server, client];
  return {
    atNs: atNs(ms) - EPOCH_NS,
    kind: isCall ? 'call' : 'event',
    name: isCall ? name.slice(0, -2) : name,
    ...(isCall && { by: 'program' }),
    local,
    peer,
    ...more,
  };
}
