import { fork } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

const WORKER = fileURLToPath(new URL('workers/takes-over.js', import.meta.url));

export const behaviour: Behaviour = {
  about: 'Listens, and shares the listener with another process, which serves whom it accepts.',
  allowHalfOpen: false,
  reads: false,
  alone(socket) {
    socket.write('who listens has you\n');
  },
  async serve(options, onSocket, over) {
    const worker = fork(WORKER, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [], signal: over });
    // That it is ended with the run is no error.
    worker.on('error', () => undefined);
    // It accepts from the moment that it has the listener, and would have nobody to give the socket to.
    await once(worker, 'message');
    const server = net.createServer(options, onSocket);
    server.once('listening', () => {
      worker.send('ours', server);
    });
    return server;
  },
};

runByHand(import.meta, 'server', behaviour);
