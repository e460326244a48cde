/** Nobody must be able to prepare flows whose keys collide: each would be sought among all of them. */
import test from 'ava';
import { Connections } from '../../harness/correlate/connections.ts';
import type { Packet } from '../../harness/model/packet.ts';
import { packet, reversed } from '../support/packet.ts';

const FLOWS = 40_000;
/** Entries of a table that holds so many. */
const ENTRIES = 131_072;
/** By chance one in 10¹⁷ tables has a longer one. */
const LONGEST_PROBE = 100;

const connections = new Connections({ maxOpen: 1, predict: false });

function hashOf(of: Packet, by = connections): number {
  by.show(of);
  return by.code.hashOf();
}

/** How many places a search looks at, at worst, where each flow lies in the first free one from its hash on. */
function longestProbe(hashes: Iterable<number>): number {
  const taken = new Uint8Array(ENTRIES);
  let longest = 0;
  for (const hash of hashes) {
    let probes = 1;
    let at = hash & (ENTRIES - 1);
    for (; taken[at] === 1; at = (at + 1) & (ENTRIES - 1)) probes++;
    taken[at] = 1;
    longest = Math.max(longest, probes);
  }
  return longest;
}

/** A flow to 10.0.0.1:443, by its number. */
const FAMILIES: Readonly<Record<string, (flow: number) => Packet>> = {
  'ports one after the other': (flow) => packet({ from: [0x0a00_0002, flow + 1], to: [0x0a00_0001, 443] }),
  'addresses one after the other': (flow) =>
    packet({ from: [0x0a01_0000 + flow, 40_000], to: [0x0a00_0001, 443] }),
  'addresses that cancel a golden-ratio multiple of their ports': (flow) => {
    const port = flow + 1;
    return packet({ from: [0x0a00_0002 ^ Math.imul(port, 0x9e37_79b1), port], to: [0x0a00_0001, 443] });
  },
  'ports and addresses that differ in their upper halves': (flow) =>
    packet({ from: [(flow >>> 8) << 24, (flow & 0xff) << 8], to: [0x0a00_0001, 443] }),
  'IPv6 addresses that differ in the upper bits of each word, which odd factors leave there': (flow) => {
    const made = packet({ from: [(flow & 0xf) << 28, 40_000], to: [0x0a00_0001, 443], version: 6 });
    made.source0 = ((flow >>> 4) & 0xf) << 28;
    made.source1 = ((flow >>> 8) & 0xf) << 28;
    made.source2 = (flow >>> 12) << 28;
    return made;
  },
};

for (const [title, flowOf] of Object.entries(FAMILIES)) {
  test(`${FLOWS} flows are found in few steps: ${title}`, (t) => {
    const hashes = Array.from({ length: FLOWS }, (_, flow) => hashOf(flowOf(flow)));
    t.true(longestProbe(hashes) <= LONGEST_PROBE, String(longestProbe(hashes)));
  });
}

test('both ways have one hash', (t) => {
  for (const version of [4, 6] as const) {
    const fields = { from: [1, 1000], to: [2, 80], version } as const;
    t.is(hashOf(packet(fields)), hashOf(packet(reversed(fields))));
  }
});

test('another analysis has other hashes', (t) => {
  const another = new Connections({ maxOpen: 1, predict: false });
  const flows = [1, 2, 3, 4].map((port) => packet({ from: [1, port], to: [2, 80] }));
  t.notDeepEqual(
    flows.map((flow) => hashOf(flow, another)),
    flows.map((flow) => hashOf(flow)),
  );
});
