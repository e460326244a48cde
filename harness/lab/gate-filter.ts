import { parseFlags } from '../model/segment.ts';
import { rejectUnknownOptions } from '../options.ts';
import type { FaultRule, GateFilter, HostCount } from './protocol.ts';

const ACTIONS: readonly string[] = ['drop', 'reset', 'duplicate', 'keep'];
/** What nft's counter can hold. */
const MAX_ORDINAL = 0xffff_fffe;

/**
 * What is misspelt here would hold every segment of the network.
 * @throws TypeError naming the part that does not exist
 */
export function checkGateFilter(filter: GateFilter): void {
  rejectUnknownOptions(filter, ['source', 'destination', 'flags', 'without']);
  for (const end of [filter.source, filter.destination]) {
    if (end !== undefined) rejectUnknownOptions(end, ['address', 'port']);
  }
  for (const flags of [filter.flags, filter.without]) if (flags !== undefined) parseFlags(flags);
}

/** @throws TypeError naming what does not exist, or what cannot be counted */
export function checkFaultRule(rule: FaultRule, hosts: HostCount): void {
  const { action, nth, outOf, ...filter } = rule;
  checkGateFilter(filter);
  if (!ACTIONS.includes(action)) {
    throw new TypeError(`Unknown action of a fault: "${action}"; known: ${ACTIONS.join(', ')}`);
  }
  if (nth === undefined) {
    if (outOf !== undefined) throw new TypeError('outOf goes with nth: {nth: [1], outOf: 10}');
    return;
  }
  checkOrdinals(nth, outOf);
  // Each host counts what it receives, or sends; on one CPU or two, nobody could say which of two came first.
  if (hosts === 2 && filter.source?.address === undefined && filter.destination?.address === undefined) {
    throw new TypeError(
      'On two hosts each counts for itself: a fault with nth takes an address, ' +
        '{destination: {address}} or {source: {address}}, so that one host counts',
    );
  }
}

function checkOrdinals(nth: readonly number[], outOf = MAX_ORDINAL): void {
  if (!Number.isInteger(outOf) || outOf < 1 || outOf > MAX_ORDINAL) {
    throw new TypeError(`outOf is no count of segments: ${outOf}`);
  }
  if (!Array.isArray(nth) || nth.length === 0) {
    throw new TypeError('nth is a list of ordinals from 1, such as [1]; left out, it means every segment');
  }
  for (const ordinal of nth) {
    if (!Number.isInteger(ordinal) || ordinal < 1) throw new TypeError(`Not an ordinal from 1: ${ordinal}`);
    if (ordinal > outOf) throw new TypeError(`There is no ${ordinal}th of ${outOf} segments`);
  }
}
