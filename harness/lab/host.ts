import { execa } from 'execa';
import { FinwaitError } from '../errors.ts';
import { findProgram, installCommand } from '../install-hint.ts';
import { openSampler, type SocketSampler } from '../kernel/sampler.ts';
import { readSysctl, sysctlError, sysctlPath, writeSysctl } from '../kernel/sysctl.ts';
import type { Side } from '../model/connection.ts';
import { LOOPBACK } from './protocol.ts';
import { SendQueues } from './send-queues.ts';

/** A host of the lab: a network namespace with an address, a sampler of its sockets and settings of its own. */
export class Host {
  /** What to put before a command so that it runs here; nothing for the agent's own namespace. */
  readonly enter: readonly string[];
  /** The interface that its segments come in by. */
  readonly device: string;
  readonly address: string;
  /** Where a datagram goes that is to leave by the device: the other host, or this one. */
  readonly neighbour: string;
  readonly sampler: SocketSampler;
  readonly queues: SendQueues;

  private constructor(place: Place, sampler: SocketSampler) {
    this.enter = place.enter;
    this.device = place.device;
    this.address = place.address;
    this.neighbour = place.neighbour;
    this.sampler = sampler;
    this.queues = new SendQueues(this);
  }

  static async open(place: Place): Promise<Host> {
    return new Host(place, await openSampler(place.enter));
  }

  /** @throws FinwaitError ERR_FINWAIT_LAB_REFUSED with what the command said */
  async run(program: string, ...args: readonly string[]): Promise<string> {
    return await runIn(this.enter, program, ...args);
  }

  async readSysctl(name: string): Promise<string> {
    if (this.enter.length === 0) return await readSysctl(name);
    return (await this.#runOnSysctl(`cannot read ${name}`, 'cat', sysctlPath(name))).trimEnd();
  }

  async writeSysctl(name: string, value: string): Promise<void> {
    if (this.enter.length === 0) {
      await writeSysctl(name, value);
      return;
    }
    const write = ['-c', 'printf "%s\\n" "$2" | tee -- "$1"', 'sh', sysctlPath(name), value];
    await this.#runOnSysctl(`cannot set ${name} to ${value}`, 'sh', ...write);
  }

  async #runOnSysctl(what: string, program: string, ...args: readonly string[]): Promise<string> {
    try {
      return await this.run(program, ...args);
    } catch (error) {
      const words = error instanceof Error ? error.message : '';
      const code = Object.entries(ERRORS).find(([, meaning]) => words.includes(meaning))?.[0];
      throw sysctlError(what, Object.assign(new Error(words), { code: code ?? words }));
    }
  }
}

/** What a program says of them in the C locale. */
const ERRORS: Readonly<Record<string, string>> = {
  ENOENT: 'No such file or directory',
  EINVAL: 'Invalid argument',
  EACCES: 'Permission denied',
  EPERM: 'Operation not permitted',
  EROFS: 'Read-only file system',
};

export interface Place {
  readonly enter: readonly string[];
  readonly device: string;
  readonly address: string;
  readonly neighbour: string;
}

const HERE: Place = { enter: [], device: 'lo', address: LOOPBACK, neighbour: LOOPBACK };

/** Addresses that documents are written with (RFC 5737, RFC 3849), so that nobody takes them for somebody's. */
const CABLE = {
  server: { device: 'server0', ipv4: '192.0.2.1', ipv6: '2001:db8::1' },
  client: { device: 'client0', ipv4: '192.0.2.2', ipv6: '2001:db8::2' },
} as const;

/** Where each side's host is in a lab of two. */
export const ADDRESSES: Readonly<Record<Side, readonly [string, ...string[]]>> = {
  client: [CABLE.client.ipv4, CABLE.client.ipv6],
  server: [CABLE.server.ipv4, CABLE.server.ipv6],
};

/** Brings the agent's own network up; it is all there is. */
export async function makeOneHost(isPrivate: boolean): Promise<Readonly<Record<Side, Place>>> {
  if (isPrivate) await runIn([], 'ip', 'link', 'set', 'lo', 'up');
  return { client: HERE, server: HERE };
}

/**
 * A second network namespace, joined to this one by a veth pair: works without root, and ends with the agent. The
 * server's host is the agent's own namespace, where the capture runs.
 */
export async function makeTwoHosts(): Promise<Readonly<Record<Side, Place>>> {
  await runIn([], 'ip', 'link', 'set', 'lo', 'up');
  const pid = await holdNamespace();
  const there = [tool('nsenter'), `--net=/proc/${pid}/ns/net`];
  const { server, client } = CABLE;
  await runIn([], 'ip', 'link', 'add', server.device, 'type', 'veth', 'peer', 'name', client.device);
  await runIn([], 'ip', 'link', 'set', client.device, 'netns', String(pid));
  await runIn(there, 'ip', 'link', 'set', 'lo', 'up');
  for (const [enter, end] of [
    [[], server],
    [there, client],
  ] as const) {
    await runIn(enter, 'ip', 'address', 'add', `${end.ipv4}/24`, 'dev', end.device);
    await runIn(enter, 'ip', 'address', 'add', `${end.ipv6}/64`, 'dev', end.device, 'nodad');
    await runIn(enter, 'ip', 'link', 'set', end.device, 'up');
  }
  return {
    server: { enter: [], device: server.device, address: server.ipv4, neighbour: client.ipv4 },
    client: { enter: there, device: client.device, address: client.ipv4, neighbour: server.ipv4 },
  };
}

/** Starts a process that does nothing but hold a new network namespace. @returns its pid, once it is in there */
async function holdNamespace(): Promise<number> {
  const holder = execa(tool('unshare'), ['--net', 'sh', '-c', 'echo ready; exec cat'], {
    stdin: 'pipe',
    stderr: 'ignore',
    buffer: false,
    reject: false,
    cleanup: true,
  });
  await new Promise<void>((resolve, reject) => {
    holder.stdout.once('data', () => {
      resolve();
    });
    holder.once('exit', () => {
      reject(new FinwaitError('ERR_FINWAIT_LAB_REFUSED', 'a second network namespace is refused'));
    });
  });
  if (holder.pid === undefined)
    throw new FinwaitError('ERR_FINWAIT_LAB_REFUSED', 'unshare could not be started');
  return holder.pid;
}

async function runIn(enter: readonly string[], name: string, ...args: readonly string[]): Promise<string> {
  const [program = name, ...all] = [...enter, Object.hasOwn(PACKAGES, name) ? tool(name) : name, ...args];
  const { failed, stdout, stderr, shortMessage } = await execa(program, all, {
    reject: false,
    env: { LC_ALL: 'C' },
  });
  if (!failed) return stdout;
  throw new FinwaitError(
    'ERR_FINWAIT_LAB_REFUSED',
    `${name} ${args.join(' ')}: ${stderr || (shortMessage ?? '')}`,
  );
}

const PACKAGES: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  tc: 'iproute2',
  ss: 'iproute2',
  nsenter: 'util-linux',
  unshare: 'util-linux',
};

function tool(name: string): string {
  const path = findProgram(name);
  if (path !== undefined) return path;
  throw new FinwaitError(
    'ERR_FINWAIT_LAB_REFUSED',
    `${name} is not installed, which the lab’s network needs`,
    {
      hint: `Install it: ${installCommand(PACKAGES[name] ?? name)}`,
    },
  );
}
