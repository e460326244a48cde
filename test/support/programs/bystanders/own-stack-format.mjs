// A program with its own stack format, and one that later freezes Error.
import net from 'node:net';
Error.prepareStackTrace = (error, sites) => `${error.message} in ${sites.length > 0}`;
Error.stackTraceLimit = 3;
const server = net
  .createServer((socket) => socket.end())
  .listen(0, '127.0.0.1', () => {
    const client = net.connect(server.address().port, '127.0.0.1').resume();
    client.on('close', () => {
      console.log(new Error('formatted').stack, Error.stackTraceLimit);
      Object.freeze(Error);
      net
        .connect(server.address().port, '127.0.0.1')
        .resume()
        .on('close', () => {
          server.close(() => console.log('end', Error.stackTraceLimit));
        });
    });
  });
