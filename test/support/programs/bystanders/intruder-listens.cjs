// What an observer must not do: a listener on every socket.
const net = require('node:net');
const { connect } = net.Socket.prototype;
net.Socket.prototype.connect = function (...args) {
  this.on('end', () => {});
  return connect.apply(this, args);
};
