import type { Connection } from '../model/connection.ts';
import { Flag, hasFlags } from '../model/segment.ts';
import { seqDistance } from '../model/sequence-number.ts';

/** What a run's initial sequence numbers show of how they were chosen. */
export interface NumbersFinding {
  readonly chosen: 'unpredictably' | 'by rule';
  readonly evidence: string;
}

interface Sample {
  readonly atNs: bigint;
  readonly initial: number;
}

/** With fewer numbers a rule that explains them proves as little as one that does not. */
const MIN_CONNECTIONS = 6;

/** With so many steps, the few that a rule explains can be told for chance. */
const MANY_STEPS = 10;

/** More steps that a rule explains than chance does once in so many runs tell neither of chance nor of the rule. */
const CHANCE = 1e-4;

/** Where chance explains more than so many steps there is nothing to tell. */
const MOST_BY_CHANCE = 30;

/** The fastest clock in use: Linux adds one for each 64 ns (secure_seq.c); RFC 793 had one for each 4 µs. */
const NS_PER_TICK = 64n;

/** What 4.2BSD and its heirs added for each connection, twice over. */
const STEP_PER_CONNECTION = 131_072;

/** Sequence numbers that there are. */
const NUMBERS = 2 ** 32;

/** Beyond this a clock alone reaches so much of the number space that it explains too much by chance. */
const MAX_REACH = 2 ** 26;

/**
 * Whether a clock, a counter or both explain the clients' initial sequence numbers (RFC 9293 §3.4.1, RFC 6528).
 * Rules that are tried: the next number lies a little ahead, as far as the fastest clock and a small step reach; or
 * all steps are the same, whatever their size, as far as such a clock allows. Only the first connection of a pair of
 * endpoints counts: for the same pair a clock is what RFC 6528 asks for.
 * @returns undefined when the connections are too few or too far apart, or when rules explain
 * more than chance does, and not all
 */
export function examineInitialNumbers(connections: readonly Connection[]): NumbersFinding | undefined {
  const samples = samplesOf(connections);
  if (samples.length < MIN_CONNECTIONS) return undefined;
  const steps = samples.slice(1).map(({ atNs, initial }, index) => {
    const before = samples[index] ?? { atNs, initial };
    return {
      ahead: seqDistance(before.initial, initial),
      ticks: Number((atNs - before.atNs) / NS_PER_TICK) + 1,
    };
  });
  if (steps.some(({ ticks }) => ticks > MAX_REACH)) return undefined;
  const near = steps.filter(({ ahead, ticks }) => ahead >= 0 && ahead <= ticks + STEP_PER_CONNECTION).length;
  const changes = steps.slice(1).map(({ ahead, ticks }, index) => {
    const before = steps[index] ?? { ahead, ticks };
    return {
      by: Math.abs(seqDistance(before.ahead, ahead)),
      allowed: Math.max(before.ticks, ticks),
    };
  });
  const even = changes.filter(({ by, allowed }) => by <= allowed).length;
  const numbers = samples.map(({ initial }) => initial).join(', ');
  if (near === steps.length || even === steps.length - 1) {
    return {
      chosen: 'by rule',
      evidence: `each follows from those before by a clock or a fixed step: ${numbers}`,
    };
  }
  const hasMany = steps.length >= MANY_STEPS;
  const nearByChance = hasMany ? mostByChance(steps.map(({ ticks }) => ticks + STEP_PER_CONNECTION)) : 0;
  const evenByChance = hasMany ? mostByChance(changes.map(({ allowed }) => 2 * allowed)) : 0;
  if (near > nearByChance || even > evenByChance) return undefined;
  if (Math.max(nearByChance, evenByChance) === Infinity) return undefined;
  return {
    chosen: 'unpredictably',
    evidence: `of ${samples.length} ${near + even > 0 ? 'no more than chance explains' : 'none'} follow from those before by a clock or a fixed step: ${numbers}`,
  };
}

/**
 * How many random numbers fall into ranges of these sizes, each into its own: more only with the probability
 * {@link CHANCE} (Poisson's law). Infinite where that is too many to tell anything.
 */
function mostByChance(ranges: readonly number[]): number {
  const expected = ranges.reduce((total, size) => total + size / NUMBERS, 0);
  if (expected > MOST_BY_CHANCE) return Infinity;
  let exactly = Math.exp(-expected);
  let more = 1 - exactly;
  let most = 0;
  while (more > CHANCE) {
    most++;
    exactly *= expected / most;
    more -= exactly;
  }
  return most;
}

function samplesOf(connections: readonly Connection[]): Sample[] {
  const seen = new Set<string>();
  return connections.flatMap(({ client, server, segments }): Sample[] => {
    const [syn] = segments;
    const pair = JSON.stringify([client, server]);
    const isPureSyn =
      syn !== undefined && hasFlags(syn.segment, Flag.SYN) && !hasFlags(syn.segment, Flag.ACK);
    if (!isPureSyn || seen.has(pair)) return [];
    seen.add(pair);
    return [{ atNs: syn.atNs, initial: syn.segment.sequenceNumber }];
  });
}
