import type { Socket } from 'node:net';
import { type Endpoint, plainAddress } from '../model/endpoint.ts';
import type { JsReport } from '../model/observation.ts';

const CALLS = [
  'connect',
  'write',
  'end',
  'destroy',
  'destroySoon',
  'resetAndDestroy',
  'pause',
  'resume',
] as const;
const EVENTS: ReadonlySet<string> = new Set([
  'connect',
  'secureConnect',
  'data',
  'end',
  'finish',
  'drain',
  'timeout',
  'error',
  'close',
]);

/**
 * Reports every call on `socket` and every event it emits, by shadowing the methods on this one object.
 * Adds no listener, so nothing flows, ends or survives that would not have done so unobserved.
 */
export function observeSocket(socket: Socket, report: (report: JsReport) => void): void {
  const ends = rememberEnds(socket);
  for (const name of CALLS) {
    let original = Reflect.get(socket, name) as Method;
    const observed: Method = (...args) => {
      const by = calledByNode(observed) ? 'node' : 'program';
      report({ atNs: process.hrtime.bigint(), kind: 'call', name, by, ...ends(), ...octets(args[0]) });
      return Reflect.apply(original, socket, args);
    };
    Object.defineProperty(socket, name, {
      configurable: true,
      get: () => observed,
      // Whoever puts another method in its place is observed on: connect() itself puts back net's own write().
      set: (method: Method) => {
        original = method;
      },
    });
  }
  const emit = socket.emit.bind(socket) as (name: string, ...args: unknown[]) => boolean;
  const observedEmit = (name: string, ...args: unknown[]): boolean => {
    if (EVENTS.has(name)) {
      report({ atNs: process.hrtime.bigint(), kind: 'event', name, ...ends(), ...detail(name, args[0]) });
    }
    return emit(name, ...args);
  };
  Object.defineProperty(socket, 'emit', { value: observedEmit, configurable: true, writable: true });
}

/** The server's event that brought the socket: of one that nobody reads, all that its program ever sees. */
export function reportOf(socket: Socket, name: 'connection'): JsReport {
  return { atNs: process.hrtime.bigint(), kind: 'event', name, ...readEnds(socket) };
}

type Method = (...args: unknown[]) => unknown;

type Ends = Pick<JsReport, 'local' | 'peer'>;

/** A socket forgets its addresses when it closes; they are read once, as soon as it has them. */
function rememberEnds(socket: Socket): () => Ends {
  let known: Ends = {};
  return () => {
    if (known.local === undefined || known.peer === undefined) known = readEnds(socket);
    return known;
  };
}

/** Both ends as far as the socket knows them now. */
function readEnds(socket: Socket): Ends {
  const local = endpoint(socket.localAddress, socket.localPort);
  const peer = endpoint(socket.remoteAddress, socket.remotePort);
  return { ...(local && { local }), ...(peer && { peer }) };
}

function endpoint(address: string | undefined, port: number | undefined): Endpoint | undefined {
  return address === undefined || port === undefined ? undefined : { address: plainAddress(address), port };
}

function detail(event: string, argument: unknown): Partial<JsReport> {
  if (event === 'close') return { hadError: argument === true };
  if (event === 'data') return octets(argument);
  if (event === 'error' && argument instanceof Error) {
    return { code: (argument as NodeJS.ErrnoException).code ?? argument.name };
  }
  return {};
}

function octets(data: unknown): { bytes?: number } {
  return typeof data === 'string' || data instanceof Uint8Array ? { bytes: Buffer.byteLength(data) } : {};
}

/**
 * True when the frame that called `callee` lies in Node itself: auto-end, autoDestroy.
 * Reads the frame itself and not its text, which costs ten times as much, and far more with source maps.
 */
function calledByNode(callee: (...args: never[]) => unknown): boolean {
  const { stackTraceLimit } = Error;
  // The program's own formatter, or undefined, whatever the types say.
  const formatter: unknown = Reflect.get(Error, 'prepareStackTrace');
  Error.stackTraceLimit = 1;
  Error.prepareStackTrace = (_error, [caller]) => caller?.getFileName()?.startsWith('node:');
  const trace: { stack?: unknown } = {};
  Error.captureStackTrace(trace, callee);
  const byNode = trace.stack === true;
  Error.stackTraceLimit = stackTraceLimit;
  Reflect.set(Error, 'prepareStackTrace', formatter);
  return byNode;
}
