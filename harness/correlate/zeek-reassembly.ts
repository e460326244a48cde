/**
 * Which of an end's data came, and which was acknowledged although it never came: what Zeek's reassembler decides,
 * without the data. Source: Zeek, src/analyzer/protocol/tcp/TCP_Reassembler.cc and src/Reassem.cc.
 */
import { MAX_INITIAL_WINDOW, MAX_UNACKNOWLEDGED } from '../prediction/limits.ts';
import { Mark, ZeekState, type ZeekEndpoint } from './zeek-endpoint.ts';

/** Zeek's tcp_max_above_hole_without_any_acks. */
const MAX_AHEAD_WITHOUT_ACKS = 16_384;
/** Numbers kept of {@link ZeekEndpoint.ahead}, two a stretch; beyond it the first hole counts as filled. */
const MAX_AHEAD = 256;

/** Octets that were acknowledged and never came. */
export interface Skipped {
  holes: number;
  bytes: number;
}

/** Takes note of payload at a relative sequence number. */
export function dataSent(endpoint: ZeekEndpoint, peer: ZeekEndpoint, at: number, bytes: number): void {
  if (endpoint.is(Mark.GAVE_UP)) return;
  const end = at + bytes;
  if (end <= endpoint.acknowledged || end <= endpoint.trimmed) return;
  const start = Math.max(at, Math.min(endpoint.acknowledged, end), endpoint.trimmed);
  if (start > endpoint.delivered) {
    keepAhead(endpoint, start, end);
  } else if (end > endpoint.delivered) {
    endpoint.delivered = end;
    takeAhead(endpoint);
    const acksUnseen = endpoint.hasNoDataAcknowledged && endpoint.size(peer) > MAX_INITIAL_WINDOW;
    if (acksUnseen) trimTo(endpoint, endpoint.delivered);
  }
  giveUpIfTooMuch(endpoint);
}

/**
 * Lets go of what lies below an acknowledgment, and adds to `skipped` what of it never came.
 * @param toleratesStart a connection joined halfway: its first octets need not have been seen.
 */
export function dataAcknowledged(
  endpoint: ZeekEndpoint,
  upTo: number,
  toleratesStart: boolean,
  skipped: Skipped,
): void {
  const end = endpoint.is(Mark.HAS_FIN) && upTo >= endpoint.finEnd ? endpoint.finEnd - 1 : upTo;
  if (end <= endpoint.trimmed) return;
  if (end > endpoint.delivered && !(toleratesStart && end <= 2)) skipTo(endpoint, end, skipped);
  trimTo(endpoint, end);
}

/** Whether data are still to come before this end's close means anything. */
export function isDataPending(endpoint: ZeekEndpoint, peer: ZeekEndpoint): boolean {
  if (endpoint.is(Mark.GAVE_UP)) return false;
  const { delivered, last } = endpoint;
  if (last < delivered) return false;
  // A FIN takes an octet that is never delivered; a RST takes none.
  if (delivered !== last - 1 && delivered !== last) return true;
  return endpoint.state !== ZeekState.RESET && peer.holdsData;
}

function trimTo(endpoint: ZeekEndpoint, upTo: number): void {
  takeAhead(endpoint);
  endpoint.trimmed = upTo;
}

function skipTo(endpoint: ZeekEndpoint, upTo: number, skipped: Skipped): void {
  while (!endpoint.is(Mark.GAVE_UP) && endpoint.delivered < upTo) {
    const next = Math.min(endpoint.ahead?.[0] ?? upTo, upTo);
    skipped.holes += 1;
    skipped.bytes += next - endpoint.delivered;
    endpoint.delivered = next;
    if (next < upTo) takeAhead(endpoint);
  }
  endpoint.delivered = Math.max(endpoint.delivered, upTo);
}

/** Delivers what was kept ahead, as far as it now joins on. */
function takeAhead(endpoint: ZeekEndpoint): void {
  const { ahead } = endpoint;
  if (ahead === undefined) return;
  let taken = 0;
  while (taken < ahead.length && (ahead[taken] ?? Infinity) <= endpoint.delivered) {
    endpoint.delivered = Math.max(endpoint.delivered, ahead[taken + 1] ?? 0);
    taken += 2;
  }
  if (taken === ahead.length) endpoint.ahead = undefined;
  else if (taken > 0) ahead.splice(0, taken);
}

function keepAhead(endpoint: ZeekEndpoint, start: number, end: number): void {
  const ahead = endpoint.ahead;
  if (ahead === undefined) {
    endpoint.ahead = [start, end];
    return;
  }
  // Stretches before the new one, then those that touch it.
  let from = 0;
  while (from < ahead.length && (ahead[from + 1] ?? 0) < start) from += 2;
  let to = from;
  let mergedStart = start;
  let mergedEnd = end;
  while (to < ahead.length && (ahead[to] ?? Infinity) <= end) {
    mergedStart = Math.min(mergedStart, ahead[to] ?? start);
    mergedEnd = Math.max(mergedEnd, ahead[to + 1] ?? end);
    to += 2;
  }
  ahead.splice(from, to - from, mergedStart, mergedEnd);
  if (ahead.length <= MAX_AHEAD) return;
  endpoint.delivered = ahead[0] ?? endpoint.delivered;
  takeAhead(endpoint);
}

function giveUpIfTooMuch(endpoint: ZeekEndpoint): void {
  const { ahead, delivered } = endpoint;
  let unacknowledged = delivered - endpoint.trimmed;
  if (ahead !== undefined) {
    const highest = ahead[ahead.length - 1] ?? delivered;
    if (endpoint.hasNoDataAcknowledged && highest - delivered > MAX_AHEAD_WITHOUT_ACKS) {
      giveUp(endpoint);
      return;
    }
    for (let at = 0; at < ahead.length; at += 2) unacknowledged += (ahead[at + 1] ?? 0) - (ahead[at] ?? 0);
  }
  if (unacknowledged > MAX_UNACKNOWLEDGED) giveUp(endpoint);
}

function giveUp(endpoint: ZeekEndpoint): void {
  endpoint.marks |= Mark.GAVE_UP;
  endpoint.ahead = undefined;
  // Zeek drops what it holds, delivered or not.
  endpoint.trimmed = endpoint.delivered;
}
