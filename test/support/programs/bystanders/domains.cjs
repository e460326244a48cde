// Domains: they put another emit in the place of EventEmitter's, after the observer has come.
const domain = require('node:domain');
const net = require('node:net');
const dials = domain.create();
dials.on('error', ({ message, domainThrown, domainEmitter }) => {
  console.log('caught', message, domainThrown, domainEmitter === socket);
});
const socket = new net.Socket();
dials.add(socket);
socket.on('own', () => console.log('in a listener', process.domain === dials));
socket.emit('own');
socket.connect(1, '127.0.0.1');
const server = net
  .createServer((accepted) => {
    const serves = domain.create();
    serves.add(accepted);
    serves.on('error', ({ message }) => {
      console.log('caught', message);
      accepted.destroy();
      server.close();
    });
    accepted.on('data', () => {
      throw new Error('in a handler');
    });
  })
  .listen(0, '127.0.0.1', () =>
    net
      .connect(server.address().port, '127.0.0.1')
      .on('error', () => {})
      .end('x'),
  );
process.on('exit', (code) => console.log('exit', code));
