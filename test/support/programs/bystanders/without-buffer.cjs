// A program that takes globals away that it does not want used.
const net = require('node:net');
delete globalThis.Buffer;
for (const name of ['Map', 'WeakMap', 'URL', 'BigInt', 'JSON']) globalThis[name] = undefined;
const server = net
  .createServer((socket) => socket.resume().end('bye'))
  .listen(0, '127.0.0.1', () => {
    const client = net.connect(server.address().port, '127.0.0.1', () => client.end('x'));
    client.resume().on('close', () => server.close(() => console.log('closed')));
  });
