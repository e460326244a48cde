import { readFile } from 'node:fs/promises';
import { type Capture, startCapture } from '../../captures/tcpdump.ts';
import type { SocketFilter } from '../kernel/sampler.ts';
import type { SsIssue } from '../kernel/ss-parser.ts';
import type { Side } from '../model/connection.ts';
import type { Damage } from '../model/evidence.ts';
import type { SocketSnapshot } from '../model/observation.ts';
import { Gates } from './gates.ts';
import { Host, makeOneHost, makeTwoHosts, type Place } from './host.ts';
import { PortRange } from './port-range.ts';
import type { HostCount, NetworkKind } from './protocol.ts';

/** What watches and disturbs the lab's network. */
export interface Instruments {
  readonly capture: Capture;
  /** By side; the same host twice where there is but one. */
  readonly hosts: Readonly<Record<Side, Host>>;
  readonly gates: Gates;
  readonly ports: PortRange;
}

/** Makes the network; what runs in it may be started once it is there. */
export async function makeNetwork(
  network: NetworkKind,
  count: HostCount,
): Promise<Readonly<Record<Side, Place>>> {
  return count === 1 ? await makeOneHost(network === 'private') : await makeTwoHosts();
}

export async function openInstruments(
  network: NetworkKind,
  places: Readonly<Record<Side, Place>>,
  tellDamage: (damage: Damage) => void,
): Promise<Instruments> {
  const isOne = places.client === places.server;
  const ports =
    network === 'private' ? PortRange.ofPrivateNetwork() : PortRange.anywhere(await ephemeralPorts());
  const [capture, server, second] = await Promise.all([
    startCapture({
      // The markers of a fence cross the loopback; behind `any` both are captured in one order.
      interface: isOne ? 'lo' : 'any',
      filter: network === 'private' ? 'tcp' : `tcp portrange ${ports.first}-${ports.last}`,
    }),
    Host.open(places.server),
    ...(isOne ? [] : [Host.open(places.client)]),
  ]);
  const client = second ?? server;
  capture.onDamage(tellDamage);
  const gates = new Gates([...new Set([client, server])], tellDamage);
  return { capture, hosts: { client, server }, gates, ports };
}

/** The kernel's range for outgoing connections, `[first, last]`. */
async function ephemeralPorts(): Promise<readonly [number, number]> {
  const text = await readFile('/proc/sys/net/ipv4/ip_local_port_range', 'utf8');
  const [first = 32_768, last = 60_999] = text.trim().split(/\s+/).map(Number);
  return [first, last];
}

/** One snapshot of every host's sockets: each connection has a row for either end, as on one host. */
export async function sampleAll(
  { hosts }: Instruments,
  filter: SocketFilter | undefined,
): Promise<{ readonly snapshot: SocketSnapshot; readonly issues: readonly SsIssue[] }> {
  const samples = await Promise.all(
    [...new Set(Object.values(hosts))].map(({ sampler }) => sampler.sample(filter)),
  );
  const times = (name: 'startedAtNs' | 'endedAtNs'): readonly bigint[] =>
    samples.map((sample) => sample[name]);
  return {
    snapshot: {
      startedAtNs: times('startedAtNs').reduce((a, b) => (a < b ? a : b)),
      endedAtNs: times('endedAtNs').reduce((a, b) => (a > b ? a : b)),
      sockets: samples.flatMap(({ sockets }) => sockets),
    },
    issues: samples.flatMap(({ issues }) => issues),
  };
}
