import type { DropArgument, Server } from 'node:net';
import { plainAddress } from '../model/endpoint.ts';
import type { JsReport } from '../model/observation.ts';

const EVENTS: ReadonlySet<string> = new Set(['close', 'drop', 'error']);

/**
 * Reports `server.close()` and the events of a server, by shadowing methods on this one object; adds no listener.
 * Names carry the server, `server.close` and `server:drop`, so that nobody takes them for a socket's.
 */
export function observeServer(server: Server, report: (report: JsReport) => void): void {
  const close = server.close.bind(server);
  Object.defineProperty(server, 'close', {
    configurable: true,
    writable: true,
    value: (callback?: (error?: Error) => void) => {
      report({ atNs: process.hrtime.bigint(), kind: 'call', name: 'server.close', by: 'program' });
      return close(callback);
    },
  });
  const emit = server.emit.bind(server) as (name: string, ...args: unknown[]) => boolean;
  Object.defineProperty(server, 'emit', {
    configurable: true,
    writable: true,
    value: (name: string, ...args: unknown[]): boolean => {
      if (EVENTS.has(name)) {
        report({
          atNs: process.hrtime.bigint(),
          kind: 'event',
          name: `server:${name}`,
          ...detail(name, args[0]),
        });
      }
      return emit(name, ...args);
    },
  });
}

function detail(event: string, argument: unknown): Partial<JsReport> {
  if (event === 'error') return { code: (argument as NodeJS.ErrnoException).code ?? 'Error' };
  return event === 'drop' ? dropped(argument as DropArgument | undefined) : {};
}

/** Which connection a server over its `maxConnections` closed. */
function dropped(drop: DropArgument | undefined): Partial<JsReport> {
  if (drop?.localAddress === undefined || drop.remoteAddress === undefined) return {};
  const { localAddress, localPort = 0, remoteAddress, remotePort = 0 } = drop;
  return {
    local: { address: plainAddress(localAddress), port: localPort },
    peer: { address: plainAddress(remoteAddress), port: remotePort },
  };
}
