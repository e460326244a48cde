// A socket whose class has methods and accessors of its own.
const net = require('node:net');
const tell = (name, value) => {
  console.log(name);
  return value;
};
class Told extends net.Socket {
  end(...args) {
    tell('end()');
    return super.end(...args);
  }
  emit(name, ...args) {
    tell(`emit ${String(name)}`);
    return super.emit(name, ...args);
  }
  _destroy(error, done) {
    tell('_destroy()');
    super._destroy(error, done);
  }
  get allowHalfOpen() {
    return tell('allowHalfOpen', false);
  }
  set allowHalfOpen(_value) {}
  get readableLength() {
    return tell('readableLength', super.readableLength);
  }
  get writableLength() {
    return tell('writableLength', super.writableLength);
  }
  get readableFlowing() {
    return tell('readableFlowing', super.readableFlowing);
  }
  set readableFlowing(value) {
    super.readableFlowing = value;
  }
  get bytesRead() {
    return tell('bytesRead', super.bytesRead);
  }
  get timeout() {
    return tell('timeout', 5);
  }
  set timeout(_value) {}
}
const server = net
  .createServer((socket) => socket.resume())
  .listen(0, '127.0.0.1', () => {
    const client = new Told();
    client.setTimeout(60_000);
    client.connect(server.address().port, '127.0.0.1', () => {
      client.emit('timeout');
      client.end();
    });
    client.resume().on('close', () => server.close());
  });
