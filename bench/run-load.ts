/** A server in a process of its own and a client that makes so many connections a second: run-load.js RATE SECONDS. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { pace } from '../harness/timing.ts';

/** More at once would only wait in the accept queue. */
const MOST_OPEN = 400;
/** One address has 28,000 ports for whoever connects to it, and each waits a minute in TIME-WAIT. */
const ADDRESSES = Array.from({ length: 12 }, (_, index) => `127.0.0.${index + 2}`);

if (process.send === undefined) await makeConnections(Number(process.argv[2]), Number(process.argv[3]));
else await serve();

async function serve(): Promise<void> {
  const servers = ADDRESSES.map((host) => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined).on('data', (data) => socket.write(data));
    });
    return server.listen({ port: 0, host, backlog: 1024 });
  });
  await Promise.all(servers.map((server) => once(server, 'listening')));
  process.send?.(servers.map((server) => (server.address() as AddressInfo).port));
  process.once('message', () => {
    for (const server of servers) server.close();
    process.disconnect();
  });
}

async function makeConnections(rate: number, seconds: number): Promise<void> {
  const server = fork(fileURLToPath(import.meta.url));
  const [ports] = (await once(server, 'message')) as [number[]];
  const wanted = rate * seconds;
  const startedAt = performance.now();
  let made = 0;
  let closed = 0;
  const open = (): void => {
    const at = made++ % ADDRESSES.length;
    const socket = connect({ port: ports[at] ?? 0, host: ADDRESSES[at] ?? '' });
    socket.on('connect', () => socket.write('12345678'));
    socket.on('data', () => socket.end());
    socket.on('error', () => undefined);
    socket.on('close', () => closed++);
  };
  while (closed < wanted) {
    const due = Math.min(wanted, ((performance.now() - startedAt) / 1000) * rate);
    while (made < due && made - closed < MOST_OPEN) open();
    await pace(1);
  }
  const took = (performance.now() - startedAt) / 1000;
  process.stdout.write(`${JSON.stringify({ connections: closed, seconds: took })}\n`);
  server.send('done');
  await once(server, 'exit');
}
