/**
 * Opens and closes connections to itself one after the other (first argument: how many), then says that it is done and
 * stays; with `end` as second argument it ends.
 */
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

const [count = '50', then] = process.argv.slice(2);
const server = net.createServer((socket) => socket.resume()).listen(0, '127.0.0.1');
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
for (let number = 0; number < Number(count); number++) {
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const client = net.connect(port, '127.0.0.1', () => client.end('eight by'));
  client.resume();
  const [socket] = await accepted;
  await Promise.all([once(client, 'close'), once(socket, 'close')]);
}
process.stdout.write('done\n');
if (then === 'end') server.close();
