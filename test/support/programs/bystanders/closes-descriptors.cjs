// A program that closes every descriptor that it did not open, and then writes a file of its own.
const fs = require('node:fs');
const net = require('node:net');
const { join } = require('node:path');
for (let fd = 17; fd < 64; fd++) {
  try {
    if (fs.fstatSync(fd).isFile()) fs.closeSync(fd);
  } catch {}
}
const file = join(process.argv[2], 'own.txt');
const opened = Array.from({ length: 40 }, () => fs.openSync(file, 'a'));
const server = net
  .createServer((socket) => socket.end())
  .listen(0, '127.0.0.1', () => {
    net
      .connect(server.address().port, '127.0.0.1')
      .resume()
      .on('close', () =>
        server.close(() => {
          console.log(opened.length, fs.readFileSync(file, 'utf8').length);
        }),
      );
  });
