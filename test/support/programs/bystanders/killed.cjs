// A signal ends the program from inside.
const net = require('node:net');
const server = net
  .createServer((socket) => socket.resume())
  .listen(0, '127.0.0.1', () => {
    net.connect(server.address().port, '127.0.0.1', () => process.kill(process.pid, process.argv[2]));
  });
