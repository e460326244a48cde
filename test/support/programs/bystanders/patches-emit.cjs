// A program that watches every emitter by a method of its own in the place of EventEmitter's emit.
const { EventEmitter } = require('node:events');
const net = require('node:net');
const { emit } = EventEmitter.prototype;
const seen = [];
EventEmitter.prototype.emit = function (name, ...args) {
  if (this instanceof net.Socket || this instanceof net.Server || this === process) seen.push(String(name));
  return Reflect.apply(emit, this, [name, ...args]);
};
const server = net
  .createServer((socket) => socket.end())
  .listen(0, '127.0.0.1', () => {
    net
      .connect(server.address().port, '127.0.0.1')
      .resume()
      .on('close', () => server.close());
  });
process.on('exit', () => console.log(seen.length, [...new Set(seen)].sort().join(' ')));
