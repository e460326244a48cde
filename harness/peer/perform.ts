import type { Server, Socket } from 'node:net';
import { FinwaitError } from '../errors.ts';
import { limitIdle } from '../timing.ts';
import type { Behaviour } from './behaviour.ts';
import type { ServerCommand, SocketCommand } from './protocol.ts';

/** What a socket has besides its methods that it can be told to use. */
export interface SocketExtras {
  readonly abort?: AbortController;
  readonly actions?: Behaviour['actions'];
}

/** Makes the call that the command stands for. */
export function perform(socket: Socket, command: SocketCommand, extras: SocketExtras = {}): void {
  switch (command.verb) {
    case 'write':
      socket.write(command.data);
      return;
    case 'end':
      if (command.data === undefined) socket.end();
      else socket.end(command.data);
      return;
    case 'read':
      socket.read(command.bytes);
      return;
    case 'destroy':
    case 'destroySoon':
    case 'resetAndDestroy':
    case 'pause':
    case 'resume':
      socket[command.verb]();
      return;
    case 'limitIdle':
      limitIdle(socket, command.ms);
      return;
    case 'setKeepAlive':
      socket.setKeepAlive(command.enable, command.initialDelayMs);
      return;
    case 'setNoDelay':
      socket.setNoDelay(command.enable);
      return;
    case 'abort':
    case 'act':
      extra(command, socket, extras)();
      return;
    default:
      throw new TypeError(`Unknown command "${String((command as { verb: unknown }).verb)}" for a socket`);
  }
}

/** @throws FinwaitError when this socket's program has no such thing */
function extra(
  command: Extract<SocketCommand, { readonly verb: 'abort' | 'act' }>,
  socket: Socket,
  { abort, actions }: SocketExtras,
): () => void {
  const [has, what] =
    command.verb === 'abort'
      ? [
          abort &&
            (() => {
              abort.abort();
            }),
          'abort: the client was not made with abortable: true',
        ]
      : [
          actions?.[command.what]?.bind(undefined, socket),
          `act: the behaviour has no action "${command.what}"; it has: ${Object.keys(actions ?? {}).join(', ')}`,
        ];
  if (has === undefined) throw new FinwaitError('ERR_FINWAIT_PEER_COMMAND', what);
  return has;
}

/** Makes the call on a server. */
export function performOnServer(server: Server, command: ServerCommand): void {
  switch (command.verb) {
    case 'stopListening':
      server.close();
      return;
    case 'limitConnections':
      server.maxConnections = command.maxConnections;
      return;
    default:
      throw new TypeError(`Unknown command "${String((command as { verb: unknown }).verb)}" for a server`);
  }
}
