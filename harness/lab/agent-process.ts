import { fileURLToPath } from 'node:url';
import type { BirpcReturn } from 'birpc';
import { execa } from 'execa';
import { FinwaitError, isFinwaitError } from '../errors.ts';
import { installCommand, searchPath } from '../install-hint.ts';
import { openChannel } from '../peer/channel.ts';
import { keepLastWords } from '../peer/last-words.ts';
import { withDeadline } from '../timing.ts';
import type { NetworkEntry } from './network.ts';
import { AGENT_EVENT_NAMES, type AgentEvents, type AgentFunctions, type HostCount } from './protocol.ts';

const AGENT = fileURLToPath(new URL('./agent.js', import.meta.url));

/** The agent, up and open in its network. */
export interface AgentProcess {
  readonly entry: NetworkEntry;
  readonly functions: BirpcReturn<AgentFunctions, AgentEvents>;
  /** Resolves when the agent has ended, however it did. */
  readonly ended: Promise<unknown>;
  /** Ends the agent and everything it started. Idempotent. */
  stop(): Promise<void>;
}

/** A cold start takes 0.2 s; a machine that is busy with other things may take its time. */
const OPENING_MS = 30_000;

/** The machine refuses to make the network that the entry asks for. */
export class NetworkRefused extends Error {
  /** What to type or change, where one thing is known to be in the way. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

/**
 * Starts the agent through `entry` and opens its instruments.
 * @throws NetworkRefused when the network cannot be made or brought up; FinwaitError when a tool is missing or refused
 * in it
 */
export async function startAgent(
  entry: NetworkEntry,
  events: AgentEvents,
  hosts: HostCount,
): Promise<AgentProcess> {
  const [command, ...args] = [...entry.prefix, process.execPath, AGENT];
  const subprocess = execa(command, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    buffer: false,
    reject: false,
    cleanup: true,
    // tcpdump, ip and nft live where an ordinary user's PATH often does not lead.
    env: { PATH: searchPath() },
  });
  const lastWords = keepLastWords(subprocess.stderr);
  const ended = subprocess.then(({ shortMessage }) => {
    return [lastWords(), shortMessage].find(Boolean) ?? 'it ended';
  });
  if (subprocess.pid === undefined) {
    const hint = entry.network === 'private' ? `Install it: ${installCommand('util-linux')}` : undefined;
    throw new NetworkRefused(await ended, hint);
  }
  const functions = openChannel<AgentFunctions, AgentEvents>(subprocess, events, {
    other: 'the lab’s agent',
    isTold: AGENT_EVENT_NAMES,
  });
  const kill = async (): Promise<void> => {
    subprocess.kill('SIGKILL');
    await ended;
  };
  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    // On the host everything is asked to end first; an agent that does not answer is killed all the same.
    stopped ??=
      entry.network === 'private'
        ? kill()
        : withDeadline(functions.close(), { what: 'the end of the lab' }).then(kill, kill);
    await stopped;
  };
  try {
    const opening = functions.open(entry.network, hosts);
    await withDeadline(opening, { what: 'the lab', lastSeen: lastWords }, { timeoutMs: OPENING_MS });
    return { entry, functions, ended, stop };
  } catch (error) {
    await kill();
    if (!isFinwaitError(error)) throw error;
    // The channel closes before the process's last words are read.
    if (error.code === 'ERR_FINWAIT_PROCESS_ENDED') explainEnd(await ended);
    if (error.code === 'ERR_FINWAIT_LAB_REFUSED') throw new NetworkRefused(error.message, error.hint);
    throw error;
  }
}

/** What `unshare` says when the machine refuses a namespace begins with its own name. */
function explainEnd(words: string): never {
  if (words.startsWith('unshare:')) throw new NetworkRefused(words.trim());
  throw new FinwaitError(
    'ERR_FINWAIT_PROCESS_ENDED',
    `the lab’s agent ended while it started: ${words.trim()}`,
  );
}
