import type { KnownFacts } from '../analyze/row-test.ts';
import type { RunConnection } from '../model/run-connection.ts';

/** What JS and `ss` tell of a connection of which there is no packet, as far as a condition can be judged by it. */
export function knownFacts({
  id,
  client,
  server,
  startNs,
  ending,
  closedBy,
  resetBy,
  lives,
}: RunConnection): KnownFacts {
  const facts = { id, ...(client && { client }), server, startNs };
  if (ending !== 'failed') return { ...facts, ending, closedBy, resetBy };
  const codes = lives.client?.attempts.map(({ failed }) => failed?.code) ?? [];
  const nobody = { closedBy: undefined, resetBy: undefined };
  if (codes.includes('ECONNREFUSED')) return { ...facts, ...nobody, ending: 'refused' };
  if (codes.includes('ETIMEDOUT')) return { ...facts, ...nobody, ending: 'unanswered' };
  return { ...facts, ...nobody };
}
