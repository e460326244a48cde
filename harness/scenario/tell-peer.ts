import type { Pair } from '../lab/pair.ts';
import type { ServerCommand, SocketCommand } from '../peer/protocol.ts';
import type { WaitOptions } from '../timing.ts';
import type { PeerCommand } from './commands.ts';

/** Tells a peer of the pair, its process or its kernel what to do; resolves when it was done. */
export async function tellPeer(
  pair: Pair,
  who: 'client' | 'server',
  command: PeerCommand,
  wait: WaitOptions,
): Promise<void> {
  switch (command.verb) {
    case 'connect':
      await pair[who].connect();
      return;
    case 'kill':
      await pair.kill(who, command.signal);
      return;
    case 'freeze':
      await pair.freeze(who);
      return;
    case 'thaw':
      await pair.thaw(who);
      return;
    case 'killSocket':
      await pair.killSocket(who);
      return;
    case 'stopListening':
    case 'limitConnections':
      await tellServer(pair, command, wait);
      return;
    default:
      await pair[who].tell(command satisfies SocketCommand, wait);
  }
}

async function tellServer(pair: Pair, command: ServerCommand, wait: WaitOptions): Promise<void> {
  if (pair.listening === undefined) throw new TypeError(`${command.verb}: no server of the lab listens`);
  await pair.listening.tell(command, wait);
}
