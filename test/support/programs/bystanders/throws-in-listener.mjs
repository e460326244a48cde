// A listener that throws: the stack and the exit code are the program's.
import net from 'node:net';
const server = net.createServer((socket) => {
  socket.on('data', function onData() {
    throw new TypeError('in a listener');
  });
});
server.listen(0, '127.0.0.1', () => net.connect(server.address().port, '127.0.0.1').end('octets'));
