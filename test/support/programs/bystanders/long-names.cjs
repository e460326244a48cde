// Texts that are longer than any name: an error's code, and a call from a module that is its own URL.
const net = require('node:net');

const code = `export function hangUp(socket) { socket.end(); }\n//${'x'.repeat(90_000)}`;
const server = net.createServer((socket) => socket.on('error', () => {}).resume());
server.listen(0, '127.0.0.1', async () => {
  const url = `data:text/javascript,${encodeURIComponent(code)}`;
  const { hangUp } = await import(url);
  const dial = (then) => {
    const socket = net.connect(server.address().port, '127.0.0.1', () => then(socket)).resume();
    return new Promise((resolve) =>
      socket.on('error', (e) => console.log(e.code.length)).on('close', resolve),
    );
  };
  await dial(hangUp);
  await dial((socket) => socket.destroy(Object.assign(new Error('long'), { code: 'E'.repeat(70_000) })));
  server.close(() => console.log('closed'));
});
