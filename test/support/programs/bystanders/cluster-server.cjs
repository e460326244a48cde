// Two cluster workers share a server.
const cluster = require('node:cluster');
const net = require('node:net');
if (cluster.isPrimary) {
  const worker = cluster.fork();
  worker.on('listening', ({ port }) => {
    const client = net.connect(port, '127.0.0.1');
    client.setEncoding('utf8').on('data', (data) => console.log('primary got', data));
    client.on('close', () => worker.disconnect());
  });
  worker.on('exit', (code, signal) => console.log('worker exit', code, signal));
} else {
  net.createServer((socket) => socket.end('from the worker')).listen(0, '127.0.0.1');
}
