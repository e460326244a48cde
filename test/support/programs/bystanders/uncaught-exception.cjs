// A handler of 'uncaughtException' sees the error, and the program goes on.
const net = require('node:net');
process.on('uncaughtException', (error, origin) =>
  console.log('caught', error.code ?? error.message, origin),
);
const server = net
  .createServer((socket) => socket.end('x'))
  .listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    const client = net.connect(port, '127.0.0.1');
    client.on('data', () => {
      throw new Error('mine');
    });
    client.on('close', () =>
      server.close(() => net.connect(port, '127.0.0.1').on('close', () => console.log('end'))),
    );
  });
