/**
 * One connection after another, each with an ending of its own; then it exits with 3. The comments name the lines that
 * tests look for.
 */
import { pbkdf2Sync } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', (wish: Buffer) => {
    answer(socket, wish.toString());
  });
});
server.listen(0, '127.0.0.1'); // listens
await once(server, 'listening');
const { port } = server.address() as AddressInfo;

function answer(socket: Socket, wish: string): void {
  if (wish === 'end')
    socket.end('so be it'); // server ends
  else if (wish === 'reset')
    socket.resetAndDestroy(); // server resets
  else if (wish === 'pause')
    socket.pause().write('paused'); // server pauses
  else socket.write('as you like');
}

const ended = wishFor('end');
ended.resume();
await once(ended, 'close');

const reset = wishFor('reset');
reset.on('error', (error: NodeJS.ErrnoException) => process.stdout.write(`${error.code ?? ''}\n`));
await once(reset, 'close').catch(() => undefined);

const refused = connect(await freePort(), '127.0.0.1'); // is refused
await new Promise<void>((resolve) => {
  refused.on('error', (error: NodeJS.ErrnoException) => {
    process.stdout.write(`${error.code ?? ''}\n`);
    resolve();
  });
});

const destroyed = wishFor('anything');
await once(destroyed, 'data');
destroyed.destroy(); // client destroys
await once(destroyed, 'close');

const paused = wishFor('pause');
await once(paused, 'data');
paused.end('never read'); // client ends
await once(paused, 'finish');

const open = wishFor('anything');
await once(open, 'data');
// Busy for some ms, so that the FIN surely had come before the exit, by whatever clock.
pbkdf2Sync('', '', 20_000, 64, 'sha512');
process.exit(3);

function wishFor(wish: string): Socket {
  const socket = connect(port, '127.0.0.1'); // connects
  socket.write(wish);
  return socket;
}

async function freePort(): Promise<number> {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port: free } = other.address() as AddressInfo;
  other.close();
  await once(other, 'close');
  return free;
}
