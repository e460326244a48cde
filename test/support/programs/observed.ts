/**
 * A program with two sockets, observed or not (first argument), that prints what its own listeners see.
 * Second argument: `close` for an orderly close with every step noted, `crash` for an error that nobody listens to.
 */
import net, { type AddressInfo, type Socket } from 'node:net';
import { observeSocket } from '../../../harness/peer/observe-socket.ts';

const [observed, mode] = process.argv.slice(2);
const notes: string[] = [];

function perhapsObserve(socket: Socket): void {
  if (observed === 'observed') observeSocket(socket, () => undefined);
}

function note(who: string, socket: Socket): void {
  for (const name of ['connect', 'ready', 'data', 'pause', 'resume', 'end', 'prefinish', 'finish', 'close']) {
    socket.on(name, () => notes.push(`${who} ${name} flowing=${String(socket.readableFlowing)}`));
  }
}

function byEnd(a: string, b: string): number {
  return Number(a.startsWith('server')) - Number(b.startsWith('server'));
}

function listeners(socket: Socket): string {
  return socket
    .eventNames()
    .map((name) => `${String(name)}:${socket.listenerCount(name)}`)
    .sort()
    .join(' ');
}

function crash(port: number): void {
  const socket = new net.Socket();
  perhapsObserve(socket);
  socket.connect(port, '127.0.0.1');
}

function close(port: number): void {
  const socket = new net.Socket({ allowHalfOpen: true });
  perhapsObserve(socket);
  process.stdout.write(`${listeners(socket)} flowing=${String(socket.readableFlowing)}\n`);
  note('client', socket);
  socket.connect(port, '127.0.0.1', () => {
    socket.write('request', () => notes.push('client written'));
    socket.end(() => notes.push('client ended'));
  });
}

const server = net.createServer((socket) => {
  perhapsObserve(socket);
  note('server', socket);
  socket.once('end', () => server.close());
});
process.once('exit', () => {
  // Each end's own order; how the two interleave is the kernel's affair.
  process.stdout.write(`${notes.sort(byEnd).join('\n')}\n`);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  if (mode === 'close') close(port);
  else
    server.close(() => {
      crash(port);
    });
});
