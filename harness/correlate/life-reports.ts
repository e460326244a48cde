import type { NodeEvent, NodeEventName } from '../model/node-event.ts';
import type { JsReport } from '../model/observation.ts';
import type { SocketLife } from '../model/socket-life.ts';

/** How each event is called in a ladder; what is left out tells nothing of a connection's life. */
const REPORTED: Partial<Record<NodeEventName, Pick<JsReport, 'kind' | 'name'>>> = {
  'finwait:socket:write': { kind: 'call', name: 'write' },
  'finwait:socket:end-call': { kind: 'call', name: 'end' },
  'finwait:socket:destroy-call': { kind: 'call', name: 'destroy' },
  'finwait:socket:reset-call': { kind: 'call', name: 'resetAndDestroy' },
  'finwait:socket:pause': { kind: 'call', name: 'pause' },
  'finwait:socket:resume': { kind: 'call', name: 'resume' },
  'finwait:socket:connect': { kind: 'event', name: 'connect' },
  'finwait:socket:accept': { kind: 'event', name: 'connection' },
  'finwait:socket:remote-end': { kind: 'event', name: 'end' },
  'finwait:socket:finish': { kind: 'event', name: 'finish' },
  'finwait:socket:timeout': { kind: 'event', name: 'timeout' },
  'finwait:socket:error': { kind: 'event', name: 'error' },
  'finwait:socket:close': { kind: 'event', name: 'close' },
  'finwait:server:drop': { kind: 'event', name: 'drop' },
};

/** A socket's life as the reports of a driven peer: calls and events in order of time, monotonic. */
export function lifeReports({ events, attempts, local, peer, thread, calledAtNs }: SocketLife): JsReport[] {
  const ends = { ...(local && { local }), ...(peer && { peer }) };
  const connects = attempts.map(
    ({ startedAtNs, site }, index): JsReport => ({
      // The call itself; Node asks the kernel once it has looked the name up, and the program may go on meanwhile.
      atNs: index === 0 ? (calledAtNs ?? startedAtNs) : startedAtNs,
      kind: 'call',
      name: 'connect',
      by: 'program',
      ...(site && { site }),
      ...ends,
    }),
  );
  const told = events.flatMap((event) => {
    const shape = REPORTED[event.name];
    return shape === undefined ? [] : [{ atNs: event.atNs, ...shape, ...detailsOf(event), ...ends }];
  });
  const exit = thread.exitedAtNs;
  const isOpen = events.at(-1)?.name !== 'finwait:socket:close';
  const last =
    exit !== undefined && isOpen ? [{ atNs: exit, kind: 'event' as const, name: 'exit', ...ends }] : [];
  return [...connects, ...told, ...last].sort((a, b) => (a.atNs < b.atNs ? -1 : a.atNs > b.atNs ? 1 : 0));
}

type Detailed = Partial<Pick<JsReport, 'by' | 'site' | 'code' | 'bytes' | 'hadError'>>;

function detailsOf(event: NodeEvent): Detailed {
  const { by, site, bytes, hadError } = event as Detailed;
  return {
    ...(by && { by }),
    ...(site && { site }),
    ...(bytes !== undefined && { bytes }),
    ...('code' in event && event.name === 'finwait:socket:error' && { code: event.code }),
    ...(hadError !== undefined && { hadError }),
  };
}
