import type { ExecutionContext } from 'ava';
import { findProgram } from '../../harness/install-hint.ts';
import type { Endpoint } from '../../harness/model/endpoint.ts';
import type { SocketSample } from '../../harness/model/observation.ts';
import { openSampler } from '../../harness/kernel/sampler.ts';
import { eventually } from './eventually.ts';
import { requireCapability } from './require.ts';

export function requireSs(t: ExecutionContext): boolean {
  return requireCapability(t, 'ss', findProgram('ss') === undefined ? 'it is not installed' : undefined);
}

/** Resolves with the socket whose local end has this port and whose row in `ss` is as wanted. */
export async function socketShown(
  localPort: Endpoint['port'],
  wanted: (socket: SocketSample) => boolean,
): Promise<SocketSample> {
  await using sampler = await openSampler();
  let last: readonly SocketSample[] = [];
  return await eventually(
    `a socket of port ${localPort}`,
    async () => {
      last = (await sampler.sample({ ports: [localPort] })).sockets;
      return last.find((socket) => socket.local.port === localPort && wanted(socket));
    },
    () => last.map(({ local, state, receiveQueue }) => `${local.port} ${state} ${receiveQueue}`).join(', '),
  );
}
