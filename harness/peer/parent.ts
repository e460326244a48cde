import { fileURLToPath } from 'node:url';
import type { BirpcReturn } from 'birpc';
import { execa } from 'execa';
import { FinwaitError } from '../errors.ts';
import { OriginalPositions } from '../node/source-maps.ts';
import { withDeadline } from '../timing.ts';
import { openChannel } from './channel.ts';
import { keepLastWords } from './last-words.ts';
import { PEER_EVENT_NAMES, type PeerEvents, type PeerFunctions } from './protocol.ts';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));

/** A signal that ends a process does so at once; the opener of a lab waits a little longer for the answer. */
const ENDING_MS = 3000;

/** A peer process, as its parent holds it. */
export interface Peer extends AsyncDisposable {
  readonly pid: number;
  readonly functions: BirpcReturn<PeerFunctions, PeerEvents>;
  /** Resolves when the process has ended, however it did; `reason` is undefined when it was told to. */
  readonly ended: Promise<{ readonly reason: string | undefined }>;
  signal(name: 'SIGSTOP' | 'SIGCONT'): void;
  /**
   * Ends the process at once, or as the signal does; the kernel closes its sockets. Idempotent.
   * @throws FinwaitError ERR_FINWAIT_TIMEOUT when the signal does not end it; its end is then again one that nobody
   * asked for
   */
  stop(signal?: NodeJS.Signals): Promise<void>;
}

export interface PeerOptions {
  /** For messages, and for whoever looks at a list of processes. */
  readonly name: string;
  /** A program that starts the peer, with its arguments: `taskset`. */
  readonly prefix?: readonly string[];
}

/**
 * Starts a peer process; calls made before it is up wait in the channel.
 * @throws FinwaitError ERR_FINWAIT_PROCESS_ENDED when it cannot be started
 */
export function startPeer(events: PeerEvents, options: PeerOptions): Peer {
  const { name, prefix = [] } = options;
  const [command, ...args] = [...prefix, process.execPath, CHILD, name];
  const subprocess = execa(command, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    buffer: false,
    reject: false,
    cleanup: true,
  });
  const { pid } = subprocess;
  if (pid === undefined) {
    throw new FinwaitError('ERR_FINWAIT_PROCESS_ENDED', `the ${name} peer could not be started`);
  }
  const positions = new OriginalPositions();
  const shownEvents: PeerEvents = {
    ...events,
    report: (socketId, report) => {
      events.report(socketId, report.site ? { ...report, site: positions.ofSite(report.site) } : report);
    },
  };
  const functions = openChannel<PeerFunctions, PeerEvents>(subprocess, shownEvents, {
    other: `the ${name} peer`,
    isTold: PEER_EVENT_NAMES,
  });
  const lastWords = keepLastWords(subprocess.stderr);
  let stopping = false;
  const ended = subprocess.then(({ shortMessage }) => ({
    reason: stopping ? undefined : `${shortMessage ?? 'ended'}\n${lastWords()}`.trim(),
  }));
  const stop = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    subprocess.kill(signal);
    stopping = true;
    const what = `the end of the ${name} peer by ${signal}`;
    try {
      await withDeadline(ended, { what }, { timeoutMs: ENDING_MS });
    } catch (error) {
      // Whatever ends it later, it is not this.
      stopping = false;
      throw error;
    }
  };
  const send = (name: NodeJS.Signals): void => void subprocess.kill(name);
  return { pid, functions, ended, signal: send, stop, [Symbol.asyncDispose]: () => stop() };
}
