// What an observer must not do: ask a socket for its address, which it then remembers and inspect() shows.
const net = require('node:net');
const { emit } = net.Socket.prototype;
net.Socket.prototype.emit = function (...args) {
  void this.remoteAddress;
  return emit.apply(this, args);
};
