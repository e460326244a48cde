// process.exit() within a listener.
const net = require('node:net');
const server = net
  .createServer((socket) => socket.resume())
  .listen(0, '127.0.0.1', () => {
    net.connect(server.address().port, '127.0.0.1', function () {
      this.end('last words');
      process.exitCode = 3;
      process.exit(7);
    });
  });
process.on('exit', (code) => console.log('exit', code, process.listenerCount('exit'), process.exitCode));
