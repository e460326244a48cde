import { fileURLToPath } from 'node:url';
import type { BirpcReturn } from 'birpc';
import { execa } from 'execa';
import { FinwaitError, isFinwaitError } from '../errors.ts';
import { searchPath } from '../install-hint.ts';
import { openChannel } from '../peer/channel.ts';
import type { NetworkEntry } from './network.ts';
import { AGENT_EVENT_NAMES, type AgentEvents, type AgentFacts, type AgentFunctions } from './protocol.ts';

const AGENT = fileURLToPath(new URL('./agent.js', import.meta.url));

/** The agent, up and open in its network. */
export interface AgentProcess {
  readonly entry: NetworkEntry;
  readonly facts: AgentFacts;
  readonly functions: BirpcReturn<AgentFunctions, AgentEvents>;
  /** Ends the agent and everything it started. Idempotent. */
  stop(): Promise<void>;
}

/** The machine refuses to make the network that the entry asks for. */
export class NetworkRefused extends Error {}

/**
 * Starts the agent through `entry` and opens its instruments.
 * @throws NetworkRefused when `unshare` is missing or refused; FinwaitError when a tool is missing or refused inside
 */
export async function startAgent(entry: NetworkEntry, events: AgentEvents): Promise<AgentProcess> {
  const [command, ...args] = [...entry.prefix, process.execPath, '--enable-source-maps', AGENT];
  const subprocess = execa(command, args, {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    serialization: 'advanced',
    buffer: { stderr: true, ipc: false },
    maxBuffer: 10_000,
    reject: false,
    cleanup: true,
    // tcpdump, ip and nft live where an ordinary user's PATH often does not lead.
    env: { PATH: searchPath() },
  });
  const ended = subprocess.then(
    ({ shortMessage, stderr }) => [stderr, shortMessage].find(Boolean) ?? 'it ended',
  );
  if (subprocess.pid === undefined) throw new NetworkRefused(await ended);
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
    stopped ??= entry.network === 'private' ? kill() : functions.close().then(kill, kill);
    await stopped;
  };
  try {
    const facts = await functions.open(entry.network);
    return { entry, facts, functions, stop };
  } catch (error) {
    await kill();
    // The channel closes before the process's last words are read.
    if (isFinwaitError(error) && error.code === 'ERR_FINWAIT_PROCESS_ENDED') explainEnd(await ended);
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
