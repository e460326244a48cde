/** Holds one connection while as many more as its argument says come and go, each from an address of its own. */
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

const count = Number(process.argv[2]);
const server = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;

function dial(number: number): net.Socket {
  const localAddress = `127.1.${number >> 7}.${1 + (number & 127)}`;
  return net.connect({ port, host: '127.0.0.1', localAddress }).resume();
}

const first = dial(0);
await once(first, 'connect');
for (let number = 1; number <= count; number++) await once(dial(number).end(), 'close');
await once(first.end(), 'close');
server.close();
