import type { Server } from 'node:net';
import type { NodeEventName, NodeEvents } from '../model/node-event.ts';
import type { JsReport } from '../model/observation.ts';
import { type ChannelName, subscribe } from '../node/channels.ts';
import { installObserver } from '../node/thread-observer.ts';

type ServerEventName = NodeEventName & `finwait:server:${string}`;

/** Names carry the server, so that nobody takes them for a socket's. */
const REPORTED: Partial<Record<ServerEventName, Pick<JsReport, 'kind' | 'name'>>> = {
  'finwait:server:close-call': { kind: 'call', name: 'server.close' },
  'finwait:server:close': { kind: 'event', name: 'server:close' },
  'finwait:server:drop': { kind: 'event', name: 'server:drop' },
  'finwait:server:error': { kind: 'event', name: 'server:error' },
};

/** Reports a server's `close()` and events, as the observer of {@link installObserver} sees them. */
export function observeServer(server: Server, report: (report: JsReport) => void): void {
  const id = installObserver().idOfServer(server);
  const unsubscribe = subscribe(Object.keys(REPORTED) as (ServerEventName & ChannelName)[], tell);

  function tell(message: Message, name: ServerEventName): void {
    const shape = REPORTED[name];
    if (message.server !== id || shape === undefined) return;
    const { atNs, by, site, code, local, peer } = message;
    report({
      atNs,
      ...shape,
      ...(by && { by }),
      ...(site && { site }),
      ...(code !== undefined && { code }),
      ...(local && { local }),
      ...(peer && { peer }),
    });
    if (name === 'finwait:server:close') unsubscribe();
  }
}

/** The fields that some server event or other has. */
type Message = NodeEvents[ServerEventName] &
  Partial<Pick<JsReport, 'by' | 'site' | 'code' | 'local' | 'peer'>>;
