/** The observer of this thread: installed once, however many copies of this package ask. */
import type { Server, Socket } from 'node:net';
import { sinceOriginNs } from './clock.ts';
import { DefinitionTable } from './definitions.ts';
import { Code, EventSink } from './event-sink.ts';
import { observePrototypes } from './observer.ts';
import { watchProcess } from './process-watch.ts';
import { RecordFile } from './record-file.ts';

const INSTALLED = Symbol.for('finwait.observer');
const DEFAULT_LIMIT_BYTES = 268_435_456;

/** What the rest of this package may ask of it. */
export interface ThreadObserver {
  /** The number that events of this socket carry. */
  idOf(socket: Socket): number;
  /** The same of a server. */
  idOfServer(server: Server): number;
}

/**
 * Begins to observe this thread, or finds that it is observed. Environment: FINWAIT_RECORD_DIR, where records go (none
 * without it); FINWAIT_RECORD_LIMIT, octets a file; FINWAIT_RECORD_WRITES=1 to record writes, too.
 */
export function installObserver(environment: NodeJS.ProcessEnv = process.env): ThreadObserver {
  const holder = globalThis as { [INSTALLED]?: ThreadObserver };
  const installed = holder[INSTALLED];
  if (installed !== undefined) return installed;
  const definitions = new DefinitionTable();
  const sink = new EventSink(definitions, environment['FINWAIT_RECORD_WRITES'] === '1');
  const { sockets, servers } = observePrototypes(sink);
  const observer: ThreadObserver = {
    idOf: (socket) => sockets.idOf(socket),
    idOfServer: (server) => servers.idOf(server),
  };
  const directory = environment['FINWAIT_RECORD_DIR'];
  if (directory !== undefined && directory !== '') {
    keepRecord(sink, directory, limitFrom(environment['FINWAIT_RECORD_LIMIT']));
  }
  Object.defineProperty(holder, INSTALLED, { value: observer, enumerable: false });
  return observer;
}

function limitFrom(text: string | undefined): number {
  const bytes = Number(text);
  return Number.isFinite(bytes) && bytes > 0 ? bytes : DEFAULT_LIMIT_BYTES;
}

function keepRecord(sink: EventSink, directory: string, limitBytes: number): void {
  const file = RecordFile.open({ directory, limitBytes, definitions: sink.definitions });
  if (file === undefined) return;
  sink.recorder = file;
  watchProcess({
    exits: (exitCode) => {
      // A worker's may be negative, which no value of a record is.
      sink.put(exitCode ?? -1);
      sink.emit(Code['finwait:process:exit'], sinceOriginNs(), 0);
      file.end();
    },
    startsWorker: (threadId) => {
      sink.put(threadId);
      sink.emit(Code['finwait:process:worker'], sinceOriginNs(), 0);
    },
  });
}
