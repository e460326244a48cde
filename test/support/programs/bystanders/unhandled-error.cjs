// An 'error' that nobody listens to ends the program.
const net = require('node:net');
const server = net.createServer().listen(0, '127.0.0.1', () => {
  const { port } = server.address();
  server.close(() => net.connect(port, '127.0.0.1'));
});
process.on('exit', (code) => console.log('exit', code));
