import { fork } from 'node:child_process';
import { once } from 'node:events';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

const WORKER = fileURLToPath(new URL('workers/takes-over.js', import.meta.url));

export const behaviour: Behaviour = {
  about: 'Accepts connections and hands each socket to another process, which serves it.',
  allowHalfOpen: false,
  reads: false,
  async serve(options, onSocket, over) {
    const worker = fork(WORKER, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'], execArgv: [], signal: over });
    // That it is ended with the run is no error.
    worker.on('error', () => undefined);
    await once(worker, 'message');
    // Paused, so that not one octet is read here that the worker then would miss.
    return net.createServer({ ...options, pauseOnConnect: true }, (socket) => {
      onSocket(socket);
      worker.send('yours', socket);
    });
  },
};

runByHand(import.meta, 'server', behaviour);
