import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { ExecutionContext } from 'ava';
import type { Endpoint } from '../../harness/model/endpoint.ts';

/** Where nobody listens until the test's end: the port is taken at 127.0.0.1, so that no other test can have it. */
export async function refusedEndpoint(t: ExecutionContext): Promise<Endpoint> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  return { address: '127.0.0.2', port: (server.address() as AddressInfo).port };
}
