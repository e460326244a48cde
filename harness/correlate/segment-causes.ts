import type { Side } from '../model/connection.ts';
import type { ConnectAttempt, ListenLife } from '../model/socket-life.ts';
import { type ControlSegment, type Doer, type Happening } from '../model/run-connection.ts';
import { Flag, hasFlags } from '../model/segment.ts';
import type { ClockMap } from './clocks.ts';
import { type EventOf, goneBy, type PlacedLife } from './placed-life.ts';

/** What is known around a segment whose sender is ours. */
export interface SenderFacts {
  readonly side: Side;
  readonly life: PlacedLife | undefined;
  /** The attempt that sent the SYN. */
  readonly attempt: ConnectAttempt | undefined;
  readonly listen: ListenLife | undefined;
  readonly clock: ClockMap;
  /** All control segments before it. */
  readonly before: readonly ControlSegment[];
}

const RETRANSMISSION: Happening = { by: 'kernel', what: 'retransmission timer' };

/** What made our side send a segment; undefined when nothing that was recorded explains it. */
export function causeOf(segment: ControlSegment, facts: SenderFacts): Happening | undefined {
  if (segment.retransmission) return RETRANSMISSION;
  const drop = facts.life?.first('finwait:server:drop');
  if (drop !== undefined && !hasFlags(segment, Flag.SYN)) return { by: 'node', what: 'maxConnections' };
  if (hasFlags(segment, Flag.RST)) return causeOfRst(segment, facts);
  if (hasFlags(segment, Flag.SYN)) return causeOfSyn(segment, facts);
  return causeOfFin(segment, facts);
}

function causeOfSyn(segment: ControlSegment, { life, attempt, listen }: SenderFacts): Happening | undefined {
  if (hasFlags(segment, Flag.ACK)) {
    const site = life?.life.listenSite ?? listen?.site;
    return { by: 'kernel', what: 'listen()', ...(site && { site }) };
  }
  if (attempt === undefined) return undefined;
  const { startedAtNs, site, attempt: number } = attempt;
  return {
    by: 'program',
    what: 'connect()',
    ...(number > 1 && { detail: `attempt ${number}` }),
    ...(site && { site }),
    ...(life && { delayNs: segment.atNs - life.at(startedAtNs) }),
  };
}

function causeOfFin(segment: ControlSegment, facts: SenderFacts): Happening | undefined {
  const { life } = facts;
  if (life === undefined) return goneCause(segment, facts);
  const end = life.first('finwait:socket:end-call');
  const destroy = life.first('finwait:socket:destroy-call');
  const finish = life.first('finwait:socket:finish');
  const ended = life.isBy(end, segment.atNs);
  // shutdown(2) waits for what is written, and close(2) does not wait for shutdown(2).
  const overtaken = life.isBy(destroy, segment.atNs) && !(ended && isBefore(finish, destroy));
  if (overtaken && destroy !== undefined) return destroyed(destroy, segment, life, ended);
  if (ended && end !== undefined) return endedBy(end, segment, life);
  return goneCause(segment, facts);
}

function isBefore(a: { atNs: bigint } | undefined, b: { atNs: bigint } | undefined): boolean {
  return a !== undefined && (b === undefined || a.atNs <= b.atNs);
}

function endedBy(
  call: EventOf<'finwait:socket:end-call'>,
  segment: ControlSegment,
  life: PlacedLife,
): Happening {
  const remoteEnd = life.first('finwait:socket:remote-end');
  const answers = call.by === 'node' && isBefore(remoteEnd, call) && call.site === undefined;
  const pending = call.pendingBytes + (call.bytes ?? 0);
  const detail = answers
    ? 'allowHalfOpen: false'
    : (idleText(call) ?? (pending > 0 ? `behind ${bytesText(pending)}` : undefined));
  return happened('end()', call, segment, life, detail);
}

function destroyed(
  call: EventOf<'finwait:socket:destroy-call'>,
  segment: ControlSegment,
  life: PlacedLife,
  ended: boolean,
): Happening {
  return happened(
    'destroy()',
    call,
    segment,
    life,
    whyDestroyed(call, life) ?? (ended ? 'right after end()' : undefined),
  );
}

/** What the call says of its reason. */
export function whyDestroyed(
  call: EventOf<'finwait:socket:destroy-call'>,
  life: PlacedLife,
): string | undefined {
  if (call.code !== undefined) return `with ${call.code}`;
  if (call.unreadBytes > 0) return `${bytesText(call.unreadBytes)} unread`;
  if (call.pendingBytes > 0) return `${bytesText(call.pendingBytes)} unsent`;
  const timeout = life.last('finwait:socket:timeout');
  if (!isBefore(timeout, call) || timeout === undefined) return idleText(call);
  return `after a timeout${timeout.timeoutMs === undefined ? '' : ` of ${timeout.timeoutMs} ms`}`;
}

function idleText({ idle, layer }: { idle?: boolean; layer?: string }): string | undefined {
  return idle === true ? `idle ${layer ?? 'http'} connection` : undefined;
}

function causeOfRst(segment: ControlSegment, facts: SenderFacts): Happening | undefined {
  const { side, life, attempt, listen, clock, before } = facts;
  const reset = life?.first('finwait:socket:reset-call');
  if (life !== undefined && reset !== undefined && life.isBy(reset, segment.atNs))
    return happened('resetAndDestroy()', reset, segment, life, undefined);
  const opened = before.some((each) => hasFlags(each, Flag.SYN | Flag.ACK));
  if (!opened) return side === 'server' ? { by: 'kernel', what: 'nobody listens' } : undefined;
  const destroy = life?.first('finwait:socket:destroy-call');
  const finished = before.some((each) => each.from === side && hasFlags(each, Flag.FIN));
  if (life !== undefined && destroy !== undefined && life.isBy(destroy, segment.atNs)) {
    if (!finished)
      return happened(
        'destroy()',
        destroy,
        segment,
        life,
        whyDestroyed(destroy, life) ?? 'kernel held unread data',
      );
    return { ...happened('data after destroy()', destroy, segment, life, undefined), by: 'kernel' };
  }
  if (attempt?.failed !== undefined && side === 'client')
    return { by: 'kernel', what: 'connect() given up', detail: attempt.failed.code };
  const gone = goneCause(segment, facts);
  if (gone !== undefined || life !== undefined || listen?.toNs === undefined) return gone;
  const isClosed = listen.toNs + clock.offsetNs <= segment.atNs + clock.errorNs;
  return isClosed ? { by: 'kernel', what: 'server.close()', detail: 'not yet accepted' } : undefined;
}

/** The end of the process: of the socket's, or of the one that listened and had not accepted yet. */
function goneCause(
  segment: ControlSegment,
  { life, listen, clock, side }: SenderFacts,
): Happening | undefined {
  const thread = life?.life.thread ?? (side === 'server' ? listen?.thread : undefined);
  if (thread === undefined) return undefined;
  const gone = goneBy(thread, segment.atNs, clock);
  if (gone === 'killed') return { by: 'exit', what: 'process killed' };
  const { exitCode, exitedAtNs } = thread;
  if (gone !== 'exit') return gone && { by: 'exit', what: gone };
  if (exitedAtNs === undefined) return undefined;
  return {
    by: 'exit',
    what: 'process exit',
    ...(exitCode !== undefined && { detail: `code ${exitCode}` }),
    delayNs: segment.atNs - exitedAtNs - clock.offsetNs,
  };
}

function happened(
  what: string,
  call: { readonly atNs: bigint; readonly by?: 'program' | 'node'; readonly site?: Happening['site'] },
  segment: ControlSegment,
  life: PlacedLife,
  detail: string | undefined,
): Happening {
  const by: Doer = call.by ?? 'program';
  return {
    by,
    what,
    ...(detail !== undefined && { detail }),
    ...(call.site && { site: call.site }),
    delayNs: segment.atNs - life.at(call.atNs),
  };
}

export function bytesText(bytes: number): string {
  return bytes === 1 ? '1 byte' : `${bytes} bytes`;
}
