import type { Side } from '../model/connection.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { withDeadline } from '../timing.ts';
import { moduleOf } from './behaviours.ts';
import type { SharedLab } from './shared-lab.ts';

/** An endpoint of that side's host on which its peer has listened and no longer does. */
export async function freeEndpoint(
  side: Side,
  { agent, nextId, addressOf }: Pick<SharedLab, 'agent' | 'nextId' | 'addressOf'>,
  host: string = addressOf(side),
): Promise<Endpoint> {
  const serverId = nextId();
  const listening = agent.listen(side, {
    serverId,
    module: moduleOf('servers', 'never-ends'),
    driven: true,
    host,
  });
  const endpoint = await withDeadline(listening, { what: `the ${side} peer’s listener` });
  await withDeadline(agent.unlisten(side, serverId), { what: `the end of the ${side} peer’s listener` });
  return endpoint;
}
