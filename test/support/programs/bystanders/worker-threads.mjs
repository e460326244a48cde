// A worker thread with sockets of its own, and one with an empty execArgv.
import net from 'node:net';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
if (isMainThread) {
  for (const options of [{}, { execArgv: [] }]) {
    const worker = new Worker(new URL(import.meta.url), options);
    worker.on('message', (message) => console.log('worker says', message));
    const code = await new Promise((resolve) => worker.on('exit', resolve));
    console.log('worker exit', code);
  }
} else {
  const server = net
    .createServer((socket) => socket.end('hello'))
    .listen(0, '127.0.0.1', () => {
      const client = net.connect(server.address().port, '127.0.0.1');
      client.on('data', (data) => parentPort.postMessage(String(data)));
      client.on('close', () => {
        server.close();
        process.exit(5);
      });
    });
}
