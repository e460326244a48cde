import { isFinwaitError } from '../errors.ts';
import type { Capability } from './examine-machine.ts';
import { type Lab, openLab } from './lab.ts';

interface Attempt {
  readonly name: string;
  /** What it is for, once it is granted. */
  readonly detail: string;
  readonly without: string;
  readonly fix?: string;
  readonly attempt: (lab: Lab) => Promise<void>;
}

const ATTEMPTS: readonly Attempt[] = [
  {
    name: 'gates',
    detail: 'nft holds segments in the private network',
    without: 'segments cannot be held or lost',
    attempt: async (lab) => {
      await using _gate = await lab.hold({ flags: 'FIN' });
    },
  },
  {
    name: 'duplicates',
    detail: 'nft doubles segments',
    without: 'no scenario with a segment that comes twice',
    fix: 'a kernel with CONFIG_NFT_DUP_NETDEV',
    attempt: async (lab) => {
      await using _gate = await lab.fault({ flags: 'FIN', nth: [1], action: 'duplicate' });
    },
  },
  {
    name: 'late segments',
    detail: 'tc (htb, tbf) keeps segments in a queue: late and in another order',
    without: 'segments can be lost, but not late or out of order',
    fix: 'a kernel with CONFIG_NET_SCH_HTB and CONFIG_NET_SCH_TBF, and tc (iproute2)',
    attempt: async (lab) => {
      await using _gate = await lab.fault({ flags: 'FIN', nth: [1], action: 'keep' });
    },
  },
  {
    name: 'netem',
    detail: 'tc delays every segment',
    without: 'the fault delay(ms) is refused; segments can still be kept and released',
    fix: 'a kernel with CONFIG_NET_SCH_NETEM: modprobe sch_netem',
    attempt: async (lab) => {
      await using _gate = await lab.delay(1);
    },
  },
  {
    name: 'ss -K',
    detail: 'the kernel lets sockets be killed',
    without: 'no scenario that kills a socket from outside, such as one in TIME-WAIT',
    fix: 'a kernel with CONFIG_INET_DIAG_DESTROY',
    attempt: killSocket,
  },
  {
    name: 'shorter timers',
    detail: 'net.ipv4.tcp_rto_min_us may be set in the private network',
    without: 'retransmissions take Linux’s usual 200 ms and more',
    fix: 'Linux 6.11 or newer',
    attempt: async (lab) => {
      await lab.writeSysctl('net.ipv4.tcp_rto_min_us', 20_000);
    },
  },
  {
    name: 'bounded timers',
    detail: 'net.ipv4.tcp_rto_max_ms may be set in the private network',
    without: 'no scenario in which the doubling wait for a retransmission is bounded',
    fix: 'Linux 6.15 or newer',
    attempt: async (lab) => {
      await lab.writeSysctl('net.ipv4.tcp_rto_max_ms', 1000);
    },
  },
];

async function killSocket(lab: Lab): Promise<void> {
  await using pair = await lab.pair({ server: 'never-ends', client: 'never-ends' });
  await pair.client.connect();
  await pair.until({ states: { client: 'ESTABLISHED', server: 'ESTABLISHED' } });
  await pair.killSocket('client');
  await pair.until({ states: { client: 'CLOSED' } });
}

/** What this lab's network lets itself be done to; every answer comes from doing it. */
export async function examineFaults(lab: Lab): Promise<readonly Capability[]> {
  const capabilities: Capability[] = [];
  for (const { attempt, ...each } of ATTEMPTS) {
    capabilities.push(await capabilityOf(each, async () => attempt(lab)));
  }
  return capabilities;
}

/** A second host, joined by a cable. */
export async function examineTwoHosts(): Promise<Capability> {
  const twoHosts = {
    name: 'two hosts',
    detail: 'a second network namespace, joined by a veth pair',
    without: 'no scenario in which a host vanishes',
  };
  return await capabilityOf(twoHosts, async () => {
    await using _lab = await openLab({ network: 'private', hosts: 2 });
  });
}

async function capabilityOf(
  { name, detail, without, fix }: Omit<Attempt, 'attempt'>,
  attempt: () => Promise<void>,
): Promise<Capability> {
  try {
    await attempt();
    return { name, granted: true, detail, without };
  } catch (error) {
    if (!isFinwaitError(error)) throw error;
    const hint = fix ?? error.hint;
    return { name, granted: false, detail: error.message, without, ...(hint !== undefined && { fix: hint }) };
  }
}
