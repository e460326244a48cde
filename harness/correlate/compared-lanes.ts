import { callSiteText } from '../model/call-site-text.ts';
import type { ConnectionRow } from '../model/connection-row.ts';
import type { Side } from '../model/connection.ts';
import type { CallSite } from '../model/node-event.ts';
import type { SeenState, SegmentTie } from '../model/run-connection.ts';
import { Flag, hasFlags } from '../model/segment.ts';
import type { JoinedLives } from './life-index.ts';
import type { ClosingCall, PlacedLife } from './placed-life.ts';

/** One connection as far as its lanes can be compared. */
export interface ComparedLanes {
  readonly row: ConnectionRow;
  readonly ties: readonly SegmentTie[];
  readonly lives: Partial<Readonly<Record<Side, PlacedLife>>>;
  readonly joined: JoinedLives;
  /** No packet is known to be missing from the capture. */
  readonly wireIsWhole: boolean;
  readonly seenStates: readonly SeenState[];
}

/** A FIN and a reader that is busy cross for a moment; this is longer, and worth a word. */
export const UNREAD_NS = 100_000_000n;

export function received(
  side: Side,
  flag: number,
  { ties }: Pick<ComparedLanes, 'ties'>,
): SegmentTie | undefined {
  return ties.find(({ segment }) => segment.from !== side && hasFlags(segment, flag));
}

/** The first with any of these flags. */
export function sent(
  side: Side,
  mask: number,
  { ties }: Pick<ComparedLanes, 'ties'>,
): SegmentTie | undefined {
  return ties.find(({ segment }) => segment.from === side && (segment.flags & mask) !== 0);
}

/** The call after which JS wants to hear nothing more. */
export function givenUp(life: PlacedLife): ClosingCall | undefined {
  return life.first('finwait:socket:destroy-call') ?? life.first('finwait:socket:reset-call');
}

/** Whether what a life does not tell did not happen. */
export function isWhole({ life: { thread, events } }: PlacedLife): boolean {
  return thread.leftOut !== true || events.at(-1)?.name === 'finwait:socket:close';
}

/**
 * Whether the process surely had the socket still at that time. The record of one that was killed ends with its last
 * event, however long it lived on; but its kernel ends each of its sockets when it dies, and the wire shows that.
 */
export function isHeldAt(ns: bigint, side: Side, life: PlacedLife, lanes: ComparedLanes): boolean {
  const { cut, lastEventAtNs } = life.life.thread;
  if (!cut) return life.goneBy(ns) === undefined;
  if (life.at(lastEventAtNs) > ns) return true;
  const own = sent(side, Flag.FIN | Flag.RST, lanes);
  if (own !== undefined) return own.segment.atNs > ns;
  return lanes.wireIsWhole && received(side, Flag.RST, lanes) === undefined;
}

export function isPaused(life: PlacedLife): boolean {
  const pause = life.last('finwait:socket:pause');
  const resume = life.last('finwait:socket:resume');
  return pause !== undefined && (resume === undefined || resume.atNs < pause.atNs);
}

export function pausedText(life: PlacedLife): string {
  return isPaused(life) ? `; it is paused${siteText(life.last('finwait:socket:pause')?.site)}` : '';
}

export function siteText(site: CallSite | undefined): string {
  const text = site && callSiteText(site);
  return text === undefined ? '' : ` at ${text}`;
}
