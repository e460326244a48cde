// Closes descriptors that it did not open, and then has more to tell than any buffer holds.
const fs = require('node:fs');
const net = require('node:net');

const server = net.createServer((socket) => socket.on('error', () => {}).end('bye'));
server.listen(0, '0.0.0.0', async () => {
  for (const fd of fs.readdirSync('/proc/self/fd')) {
    try {
      if (fs.readlinkSync(`/proc/self/fd/${fd}`).endsWith('.fwr')) fs.closeSync(Number(fd));
    } catch {
      // The folder's own descriptor is gone by now.
    }
  }
  const { port } = server.address();
  const dial = (localAddress) =>
    new Promise((resolve) =>
      net.connect({ port, host: '127.0.0.1', localAddress }).resume().on('close', resolve),
    );
  for (let number = 0; number < 3000; number++) await dial(`127.1.${number >> 7}.${1 + (number & 127)}`);
  server.close(() => console.log('served 3000'));
});
