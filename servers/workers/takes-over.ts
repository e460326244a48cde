/** A process that is given sockets, or a whole listener, by another, and serves them. It prints nothing. */
import { Server, Socket } from 'node:net';

process.on('message', (_message, handle) => {
  if (handle instanceof Server) {
    handle.on('connection', serve);
    // Whoever gave it is gone, and nobody could end this process but by a signal.
    process.once('disconnect', () => handle.close());
  } else if (handle instanceof Socket) serve(handle);
});

process.send?.('ready');

/** Greets, and answers the first octets with its last. */
function serve(socket: Socket): void {
  socket.on('error', () => undefined);
  socket.write('a worker has you\n');
  socket.once('data', () => {
    socket.end('goodbye from the worker\n');
  });
}
