// Two cluster workers share a server, which takes connections in turn.
const cluster = require('node:cluster');
const net = require('node:net');
if (cluster.isPrimary) {
  const workers = [cluster.fork(), cluster.fork()];
  const answers = [];
  const ends = [];
  let listening = 0;
  const dial = (port) => {
    const client = net.connect(port, '127.0.0.1');
    client.setEncoding('utf8').on('data', (data) => answers.push(data));
    client.on('close', () => {
      if (answers.length < workers.length) return dial(port);
      console.log(answers.sort().join(', '));
      for (const worker of workers) worker.disconnect();
    });
  };
  for (const worker of workers) {
    worker.on('listening', ({ port }) => ++listening === workers.length && dial(port));
    worker.on('exit', (code) => {
      ends.push(`worker exit ${code}`);
      if (ends.length === workers.length) console.log(ends.join(', '));
    });
  }
} else {
  net.createServer((socket) => socket.end(`from worker ${cluster.worker.id}`)).listen(0, '127.0.0.1');
}
