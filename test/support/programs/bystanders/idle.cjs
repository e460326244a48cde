// Nothing keeps this program alive: an unref'd server and an unref'd socket.
const net = require('node:net');
const server = net.createServer().listen(0, '127.0.0.1', () => {
  const client = net.connect(server.address().port, '127.0.0.1', () => {
    client.unref();
    server.unref();
    console.log(process.getActiveResourcesInfo().sort().join(' '));
  });
  server.on('connection', (socket) => socket.unref());
});
process.on('beforeExit', () => console.log('beforeExit'));
process.on('exit', (code) => console.log('exit', code));
