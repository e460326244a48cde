import { FinwaitError } from '../errors.ts';
import { rejectUnknownOptions } from '../options.ts';
import { NetworkRefused, startAgent } from './agent-process.ts';
import { sysctlsOf, type TimeCompression } from './compression.ts';
import { Lab } from './lab.ts';
import { LabEvents } from './lab-events.ts';
import { networkEntries } from './network.ts';
import type { HostCount, NetworkKind } from './protocol.ts';

export interface LabOptions {
  /**
   * `auto`: a private network where the machine grants one, the host's loopback otherwise.
   * @default 'auto'
   */
  readonly network?: NetworkKind | 'auto';
  /** One host, or two joined by a cable, which takes a private network. @default 1 */
  readonly hosts?: HostCount;
  /** Shorter timers, from the beginning; takes a private network, as {@link Lab.compress} does. */
  readonly time?: TimeCompression;
}

const NETWORKS: readonly string[] = ['auto', 'private', 'host'];

const HOW_TO_GET_ONE =
  'Run as root, allow unprivileged user namespaces, or use {network: "host"}; `finwait doctor` says more.';

/**
 * Opens a private network with a capture, a socket sampler and two warm peer processes in it.
 * Needs no root where the kernel grants user namespaces.
 * @throws FinwaitError ERR_FINWAIT_LAB_REFUSED when `network: 'private'` is refused, ERR_FINWAIT_TOOL_MISSING,
 * ERR_FINWAIT_CAPTURE_PERMISSION; TypeError for an unknown option
 */
export async function openLab(options: LabOptions = {}): Promise<Lab> {
  rejectUnknownOptions(options, ['network', 'hosts', 'time']);
  const { hosts = 1, time = {}, network = hosts === 1 ? 'auto' : 'private' } = options;
  if (!NETWORKS.includes(network)) {
    throw new TypeError(`Unknown network "${network}"; known: ${NETWORKS.join(', ')}`);
  }
  if (![1, 2].includes(hosts) || (hosts === 2 && network !== 'private')) {
    throw new TypeError('A lab has one host, or two in a private network');
  }
  sysctlsOf(time);
  const refusals: NetworkRefused[] = [];
  for (const entry of networkEntries(network, process.getuid?.() ?? -1)) {
    try {
      const events = new LabEvents();
      const agent = await startAgent(entry, events, hosts);
      void agent.ended.then(() => {
        events.agentEnded();
      });
      return await prepared(new Lab(agent, events, { hosts, refusal: refusals.at(-1)?.message }), time);
    } catch (error) {
      if (!(error instanceof NetworkRefused)) throw error;
      refusals.push(error);
    }
  }
  const reasons = refusals.map(({ message }) => message).join('; ');
  throw new FinwaitError('ERR_FINWAIT_LAB_REFUSED', `no private network here: ${reasons}`, {
    hint: refusals.at(-1)?.hint ?? HOW_TO_GET_ONE,
  });
}

/** Without a clock reading nothing could be placed on one line; a lab that cannot be fenced is no lab. */
async function prepared(lab: Lab, time: TimeCompression): Promise<Lab> {
  try {
    await lab.fence();
    await lab.compress(time);
    return lab;
  } catch (error) {
    await lab.stop();
    throw error;
  }
}
