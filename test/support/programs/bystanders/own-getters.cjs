// A subclass of Socket that tells whenever its getters are run.
const net = require('node:net');

class Own extends net.Socket {
  get allowHalfOpen() {
    console.log('allowHalfOpen');
    return false;
  }

  set allowHalfOpen(_value) {}

  get readableLength() {
    console.log('readableLength');
    return super.readableLength;
  }

  get writableLength() {
    console.log('writableLength');
    return super.writableLength;
  }

  get readableFlowing() {
    console.log('readableFlowing');
    return super.readableFlowing;
  }
}

const server = net.createServer((socket) => socket.resume().end());
server.listen(0, '127.0.0.1', () => {
  const socket = new Own();
  socket.connect(server.address().port, '127.0.0.1', () => socket.end());
  socket.resume();
  socket.on('close', () => server.close(() => console.log('closed')));
});
