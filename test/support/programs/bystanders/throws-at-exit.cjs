// A listener of 'exit' closes a connection and throws.
const net = require('node:net');
let client;
process.on('exit', () => {
  client.destroy();
  throw new Error('at exit');
});
const server = net
  .createServer((socket) => socket.resume())
  .listen(0, '127.0.0.1', () => {
    client = net.connect(server.address().port, '127.0.0.1', () => process.exit(4));
  });
