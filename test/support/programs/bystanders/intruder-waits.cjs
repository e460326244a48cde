// What an observer must not do: let an event pass a tick late.
const net = require('node:net');
const { emit } = net.Socket.prototype;
net.Socket.prototype.emit = function (...args) {
  if (args[0] !== 'connect') return emit.apply(this, args);
  process.nextTick(() => emit.apply(this, args));
  return true;
};
