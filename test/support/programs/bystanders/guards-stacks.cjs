// A program that watches over who sets its stack format, and has no limit of stacks.
const net = require('node:net');
let format;
let sets = 0;
Object.defineProperty(Error, 'prepareStackTrace', {
  configurable: true,
  enumerable: true,
  get: () => format,
  set(value) {
    sets++;
    format = value;
  },
});
const server = net
  .createServer((socket) => socket.end())
  .listen(0, '127.0.0.1', () => {
    const closed = () => {
      console.log('sets', sets, typeof format, new Error('boom').stack.split('\n').length > 1);
      delete Error.stackTraceLimit;
      net
        .connect(server.address().port, '127.0.0.1')
        .resume()
        .on('close', () => {
          server.close(() => console.log('end', Object.getOwnPropertyNames(Error).sort().join(' ')));
        });
    };
    net.connect(server.address().port, '127.0.0.1').resume().on('close', closed);
  });
