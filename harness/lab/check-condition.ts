import type { Side } from '../model/connection.ts';
import { parseFlags } from '../model/segment.ts';
import { TCP_STATES } from '../model/tcp-state.ts';
import { rejectUnknownOptions } from '../options.ts';
import type { Condition, SegmentPattern } from './condition.ts';

const SIDES: readonly string[] = ['client', 'server'] satisfies readonly Side[];

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

/** @throws TypeError */
export function checkSide(side: unknown): void {
  if (typeof side !== 'string' || !SIDES.includes(side)) {
    throw new TypeError(`Unknown side "${String(side)}"; known: ${SIDES.join(', ')}`);
  }
}

function checkPattern(pattern: SegmentPattern): void {
  rejectUnknownOptions(pattern, ['from', 'flags', 'minPayloadBytes', 'times']);
  const { from, flags, minPayloadBytes = 0, times = 1 } = pattern;
  checkSide(from);
  if (flags !== undefined) parseFlags(flags);
  for (const [name, count] of Object.entries({ minPayloadBytes, times })) {
    if (!Number.isInteger(count) || count < 0) throw new TypeError(`${name} is not a count: ${count}`);
  }
}

function checkState(state: unknown): void {
  if (!TCP_STATES.some((known) => known === state)) {
    throw new TypeError(`Unknown TCP state "${String(state)}"; known: ${TCP_STATES.join(', ')}`);
  }
}
