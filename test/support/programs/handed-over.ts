/** A server that hands its one connection to a child process, which ends it. The comments name the lines that tests look for. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

if (process.send === undefined) await serve(fork(new URL(import.meta.url)));
else takeOver();

async function serve(child: ChildProcess): Promise<void> {
  await once(child, 'message');
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    child.send('yours', socket);
    server.close();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  connect(port, '127.0.0.1').resume();
}

function takeOver(): void {
  process.on('message', (_message: unknown, socket: unknown) => {
    const taken = socket as Socket;
    taken.resume().end('from here'); // child ends
    taken.once('close', () => {
      process.disconnect();
    });
  });
  process.send?.('ready');
}
