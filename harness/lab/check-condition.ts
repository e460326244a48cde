import { checkSide, SIDES } from '../model/connection.ts';
import { parseFlags } from '../model/segment.ts';
import { checkState } from '../model/tcp-state.ts';
import { rejectUnknownOptions } from '../options.ts';
import type { Condition, SegmentPattern } from './condition.ts';

/**
 * A condition that is misspelt would be met too early or never.
 * @throws TypeError naming the part that does not exist
 */
export function checkCondition(condition: Condition): void {
  rejectUnknownOptions(condition, ['segments', 'acknowledged', 'events', 'states']);
  for (const pattern of condition.segments ?? []) checkPattern(pattern);
  for (const side of condition.acknowledged ?? []) checkSide(side);
  for (const event of condition.events ?? []) {
    rejectUnknownOptions(event, ['side', 'name']);
    checkSide(event.side);
    if (typeof event.name !== 'string') throw new TypeError(`Not an event’s name: ${String(event.name)}`);
  }
  rejectUnknownOptions(condition.states ?? {}, SIDES);
  for (const state of Object.values(condition.states ?? {})) checkState(state);
}

function checkPattern(pattern: SegmentPattern): void {
  rejectUnknownOptions(pattern, ['from', 'flags', 'minPayloadBytes', 'times']);
  const { from, flags, minPayloadBytes = 0, times = 1 } = pattern;
  checkSide(from);
  if (flags !== undefined) parseFlags(flags);
  if (!Number.isInteger(minPayloadBytes) || minPayloadBytes < 0) {
    throw new TypeError(`minPayloadBytes is not a count: ${minPayloadBytes}`);
  }
  // None at all cannot be awaited: it is so before anything comes.
  if (!Number.isInteger(times) || times < 1) throw new TypeError(`times is not a count from 1: ${times}`);
}
