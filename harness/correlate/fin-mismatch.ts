import type { Side } from '../model/connection.ts';
import type { LaneMismatch, SeenState } from '../model/run-connection.ts';
import { Flag } from '../model/segment.ts';
import {
  type ComparedLanes,
  givenUp,
  isHeldAt,
  isPaused,
  isWhole,
  pausedText,
  received,
  sent,
  UNREAD_NS,
} from './compared-lanes.ts';
import type { PlacedLife } from './placed-life.ts';
import { statesInTurn, unreadBytes } from '../model/states-in-turn.ts';
import { bytesText } from './segment-causes.ts';

/** A FIN came and the program never saw 'end', though it had the time for it. */
export function finMismatch(side: Side, life: PlacedLife, lanes: ComparedLanes): LaneMismatch | undefined {
  const fin = received(side, Flag.FIN, lanes)?.segment;
  if (fin === undefined) return closeWaitMismatch(side, life, lanes.seenStates);
  if (!mayHaveMissedEnd(life) || received(side, Flag.RST, lanes) !== undefined) return undefined;
  const call = givenUp(life);
  // Whoever reads is given a moment to come to it, and a record that a kill cut short its last few ms.
  const readByNs = fin.atNs + (isPaused(life) && !life.life.thread.cut ? 0n : UNREAD_NS);
  if (life.isBy(call, readByNs) || !isHeldAt(readByNs, side, life, lanes)) return undefined;
  const ending = sent(side, Flag.FIN | Flag.RST, lanes);
  const endNs =
    call !== undefined ? life.at(call.atNs) : ending?.cause?.by === 'exit' ? ending.segment.atNs : undefined;
  const unread = call !== undefined && call.unreadBytes > 0 ? `, ${bytesText(call.unreadBytes)} unread` : '';
  const until =
    endNs === undefined
      ? 'its side stays half-open (CLOSE-WAIT) to the end'
      : `its side stayed half-open (CLOSE-WAIT) for ${milliseconds(endNs - fin.atNs)}${call === undefined ? ', until the process ended' : ''}`;
  const text = `a FIN came and the program never saw 'end'${pausedText(life)}${unread}: ${until}`;
  return { kind: 'fin-unnoticed', side, text, frame: fin.frame };
}

/** The same where no packet tells of the FIN: `ss` shows the state that it leads to. */
export function closeWaitMismatch(
  side: Side,
  life: PlacedLife,
  seenStates: readonly SeenState[],
): LaneMismatch | undefined {
  if (!mayHaveMissedEnd(life)) return undefined;
  const closeWait = statesInTurn(seenStates).find(
    ({ side: of, state, firstSeenNs, lastSeenNs }) =>
      of === side && state === 'CLOSE-WAIT' && lastSeenNs - firstSeenNs >= UNREAD_NS,
  );
  if (closeWait === undefined) return undefined;
  const { firstSeenNs, lastSeenNs } = closeWait;
  const bytes = unreadBytes(closeWait);
  const waiting = bytes > 0 ? `, ${bytesText(bytes)} unread in the kernel` : '';
  const lasted = `ss showed its side in CLOSE-WAIT for ${milliseconds(lastSeenNs - firstSeenNs)}`;
  const text = `a FIN came and the program never saw 'end'${pausedText(life)}${waiting}: ${lasted}`;
  return { kind: 'fin-unnoticed', side, text };
}

function mayHaveMissedEnd(life: PlacedLife): boolean {
  return (
    life.life.socket !== 0 &&
    isWhole(life) &&
    life.first('finwait:socket:remote-end') === undefined &&
    life.first('finwait:socket:error') === undefined
  );
}

function milliseconds(ns: bigint): string {
  return `${ns / 1_000_000n} ms`;
}
