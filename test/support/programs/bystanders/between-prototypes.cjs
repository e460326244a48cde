// Puts something between a prototype and what it inherits from: from then on the methods there are the ones inherited.
'use strict';
const net = require('node:net');

const inherited = Object.getPrototypeOf(net.Socket.prototype);
const between = Object.create(inherited);
between.emit = function emit(name, ...args) {
  if (name === 'connect' || name === 'close') console.log('between', name);
  return inherited.emit.call(this, name, ...args);
};
Object.setPrototypeOf(net.Socket.prototype, between);

const server = net.createServer((socket) => socket.end());
server.listen(0, '127.0.0.1', () => {
  const socket = net.connect(server.address().port, '127.0.0.1');
  socket.resume().on('close', () => server.close(() => console.log('end')));
});
