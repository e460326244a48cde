/**
 * An HTTP server and autocannon against it, in one process: some requests over kept connections, some over connections
 * of their own, and a handler that gives up on its request.
 */
import { createServer, get } from 'node:http';
import type { AddressInfo } from 'node:net';
import autocannon from 'autocannon';

const server = createServer((request, response) => {
  if (request.url === '/hang-up') request.socket.destroy();
  else response.end('hello');
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  void load(url).then(() => {
    get(`${url}/hang-up`, { agent: false }).on('error', (error: NodeJS.ErrnoException) => {
      process.stdout.write(`hung up: ${error.code ?? ''}\n`);
      server.close();
    });
  });
});

async function load(url: string): Promise<void> {
  const kept = await autocannon({ url, connections: 10, amount: 1000 });
  const fresh = await autocannon({ url, connections: 5, amount: 100, headers: { connection: 'close' } });
  process.stdout.write(`answered ${kept['2xx']} and ${fresh['2xx']}\n`);
}
