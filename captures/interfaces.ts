import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/** The kernel's numbers of interfaces by their names; undefined where it does not tell. */
export type Interfaces = ReadonlyMap<string, number | undefined>;

/** The interfaces of this network that are up and have an address. */
export function addressedInterfaces(): Interfaces {
  const indices = interfaceIndices();
  // An alias (`eth0:1`) is no interface of its own.
  const names = Object.keys(networkInterfaces()).map((name) => name.replace(/:.*$/, ''));
  return new Map(names.map((name) => [name, indices.get(name)]));
}

/**
 * From /proc/self/net, which is of the network that this process is in: /sys is of that in which it was mounted, and may
 * have an interface of the same name and another number.
 */
function interfaceIndices(): Map<string, number> {
  const indices = new Map<string, number>();
  for (const [, index, name = ''] of linesOf('igmp', /^(\d+)\t(\S+)/gm)) indices.set(name, Number(index));
  for (const [, index, name = ''] of linesOf('if_inet6', /^\w{32} (\w+) \w+ \w+ \w+ +(\S+)$/gm))
    indices.set(name, Number.parseInt(index ?? '', 16));
  return indices;
}

function linesOf(file: string, pattern: RegExp): Iterable<RegExpMatchArray> {
  try {
    return readFileSync(`/proc/self/net/${file}`, 'utf8').matchAll(pattern);
  } catch {
    // A kernel without multicast, or without IPv6.
    return [];
  }
}
