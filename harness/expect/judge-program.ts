import type { Connection, PlacedJsReport } from '../model/connection.ts';
import type { Lane } from '../model/observation.ts';
import { lastStateOf } from './judge-kernel.ts';
import type { ProgramExpectation } from './program-expectations.ts';
import type { Judgement, Shortfall } from './shortfall.ts';

const NODE: readonly Lane[] = ['node'];
const KERNEL: readonly Lane[] = ['kernel'];

type ByKind<K extends ProgramExpectation['kind']> = Extract<ProgramExpectation, { readonly kind: K }>;

export function judgeProgram(connection: Connection, expectation: ProgramExpectation): Judgement {
  return expectation.kind === 'event'
    ? judgeEvent(connection, expectation)
    : judgeLeftIn(connection, expectation);
}

function judgeEvent({ js }: Connection, { side, name, code, times }: ByKind<'event'>): Judgement {
  const ofSide = js.filter((placed) => placed.side === side && placed.report.kind === 'event');
  const named = ofSide.filter(({ report }) => report.name === name);
  const matching = named.filter(({ report }) => code === undefined || report.code === code);
  const { min, max = Infinity } = times;
  const event = `${side} '${name}'${code === undefined ? '' : ` ${code}`}`;
  const expected =
    max === 0 ? `no ${event}` : min === 1 && max === Infinity ? event : `${event}, ${min} times`;
  const shortfalls: Shortfall[] = [];
  // An event that came cannot be undone by evidence that is missing.
  if (matching.length > max)
    shortfalls.push({ basis: 'seen', mismatch: { expected, observed: listOf(matching) } });
  if (matching.length < min) {
    const observed =
      named.length > matching.length ? listOf(named) : `no such event; ${seenOf(side, ofSide)}`;
    shortfalls.push({
      basis: ofSide.length === 0 ? 'unobserved' : 'absent',
      mismatch: { expected, observed },
    });
  }
  // That something never came is known only of a socket that was watched at all.
  if (max === 0 && ofSide.length === 0) {
    const observed = `no event of the ${side} was seen at all`;
    shortfalls.push({ basis: 'unobserved', mismatch: { expected, observed } });
  }
  return { needs: NODE, shortfalls, proof: max === 0 ? seenOf(side, ofSide) : listOf(matching) };
}

/** `'error' ECONNRESET`. */
function listOf(reports: readonly PlacedJsReport[]): string {
  return reports
    .map(({ side, report: { name, code } }) => `${side} '${name}'${code === undefined ? '' : ` ${code}`}`)
    .join(', ');
}

function seenOf(side: string, reports: readonly PlacedJsReport[]): string {
  const names = [...new Set(reports.map(({ report }) => `'${report.name}'`))];
  return names.length === 0
    ? `nothing was seen of the ${side}’s socket`
    : `the ${side} saw ${names.join(', ')}`;
}

function judgeLeftIn(connection: Connection, { side, state }: ByKind<'left in'>): Judgement {
  const last = lastStateOf(connection, side);
  const expected = `${side} left in ${state}`;
  if (last === undefined) {
    const mismatch = { expected, observed: 'ss was not asked after the last segment' };
    return { needs: KERNEL, shortfalls: [{ basis: 'unobserved', mismatch }], proof: '' };
  }
  const observed = `${side} in ${last}`;
  return {
    needs: KERNEL,
    shortfalls: last === state ? [] : [{ basis: 'seen', mismatch: { expected, observed } }],
    proof: `ss at the end: ${observed}`,
  };
}
