// A server of yours: it answers once the client has sent all, and then closes.
import { createServer } from 'node:net';

const server = createServer({ allowHalfOpen: true }, (socket) => {
  socket.resume();
  socket.on('end', () => socket.end('late reply\n'));
});
server.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('listening'));
