// A program that puts stand-ins in the place of time and files.
const fs = require('node:fs');
const net = require('node:net');
globalThis.setTimeout = () => assert();
performance.now = () => assert();
process.hrtime = () => assert();
fs.writeSync = () => assert();
function assert() {
  console.log('called');
}
const server = net
  .createServer((socket) => socket.end())
  .listen(0, '127.0.0.1', () => {
    net
      .connect(server.address().port, '127.0.0.1')
      .resume()
      .on('close', () => server.close());
  });
