import type { Socket } from 'node:net';
import type { Behaviour } from '../harness/peer/behaviour.ts';
import { runByHand } from '../harness/peer/by-hand.ts';

export const behaviour: Behaviour = {
  about:
    'Replies in its end handler, as allowHalfOpen: false just allows, and again once Node has ended it: EPIPE.',
  allowHalfOpen: false,
  reads: true,
  alone: replyOnEnd,
  actions: { replyOnEnd },
};

function replyOnEnd(socket: Socket): void {
  socket.once('end', () => {
    socket.write('just in time\n');
  });
  socket.once('finish', () => {
    socket.write('too late\n');
  });
}

runByHand(import.meta, 'server', behaviour);
