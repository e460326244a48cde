import { parseFlags } from '../model/segment.ts';
import { rejectUnknownOptions } from '../options.ts';
import type { GateFilter } from './protocol.ts';

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
