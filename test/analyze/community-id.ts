import test from 'ava';
import { communityId, type FlowTuple } from '../../harness/analyze/community-id.ts';

/** 128.232.110.120:34855 → 66.35.250.204:80, as in the specification's examples. */
const WEB: FlowTuple = {
  ipVersion: 4,
  source: [0, 0, 0, 0x80e86e78 | 0],
  sourcePort: 34_855,
  destination: [0, 0, 0, 0x4223facc],
  destinationPort: 80,
};

/** 2001:470:1f11:81f:c999:d94:aa7c:2e3e, 2001:470:4867:99::21. */
const V6: FlowTuple = {
  ipVersion: 6,
  source: [0x20010470, 0x1f11081f, 0xc9990d94 | 0, 0xaa7c2e3e | 0],
  sourcePort: 49_185,
  destination: [0x20010470, 0x48670099, 0, 0x21],
  destinationPort: 21,
};

function reversed(flow: FlowTuple): FlowTuple {
  return {
    ipVersion: flow.ipVersion,
    source: flow.destination,
    sourcePort: flow.destinationPort,
    destination: flow.source,
    destinationPort: flow.sourcePort,
  };
}

test('the specification’s examples give the specification’s keys', (t) => {
  t.is(communityId(WEB), '1:LQU9qZlK+B5F3KDmev6m5PMibrg=');
  t.is(communityId(WEB, 1), '1:3V71V58M3Ksw/yuFALMcW0LAHvc=');
});

test('IPv6 gives the key that Wireshark gives', (t) => {
  t.is(communityId(V6), '1:2nWXgxcx9GW54wPXtQmjQEThuB0=');
});

test('both directions have one key', (t) => {
  for (const flow of [WEB, V6]) t.is(communityId(reversed(flow)), communityId(flow));
});

test('with equal addresses the lower port comes first', (t) => {
  const self: FlowTuple = { ...WEB, destination: WEB.source };
  t.is(communityId(reversed(self)), communityId(self));
  t.not(communityId({ ...self, sourcePort: 34_856 }), communityId(self));
});
