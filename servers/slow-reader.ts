import type { Socket } from 'node:net';
import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';
import { pace } from '../harness/timing.ts';

export const behaviour: Behaviour = {
  about: 'Reads 1 KiB every 100 ms, so that a fast writer meets a closing window.',
  allowHalfOpen: true,
  reads: false,
  alone(socket) {
    void readSlowly(socket);
    socket.once('end', () => {
      socket.end();
    });
  },
};

async function readSlowly(socket: Socket): Promise<void> {
  while (!socket.readableEnded && !socket.destroyed) {
    // read(0) asks the kernel for more, and brings 'end' once nothing is left.
    socket.read(Math.min(1024, socket.readableLength));
    await pace(100);
  }
}

runByHand(import.meta, 'server', behaviour);
