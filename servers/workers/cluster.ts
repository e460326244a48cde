/**
 * A program of node:cluster, started as `node cluster.js PORT ADDRESS WORKERS`: a primary process, and workers that are
 * not replaced. A worker greets each client, and crashes of the request `crash`. Prints a line when all workers listen,
 * and one each time that a worker is gone.
 */
import cluster from 'node:cluster';
import net from 'node:net';

const [port, address, workers] = process.argv.slice(2);

if (cluster.isPrimary) {
  let listening = 0;
  for (let worker = 0; worker < Number(workers); worker++) cluster.fork();
  cluster.on('listening', () => {
    if (++listening === Number(workers)) process.stdout.write('all workers listen\n');
  });
  cluster.on('exit', () => {
    process.stdout.write('a worker is gone\n');
  });
  // Without a worker it has nothing to do, and would end.
  new MessageChannel().port1.ref();
} else {
  net
    .createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', (data) => {
        // As an uncaught exception ends it, and without its trace on stderr.
        if (data.toString().startsWith('crash')) process.exit(1);
        socket.write('yes?\n');
      });
      socket.write('a worker has you\n');
    })
    .listen(Number(port), address);
}
