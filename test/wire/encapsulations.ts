import test from 'ava';
import { formatDecodeIssue } from '../../harness/wire/decode-issue.ts';
import { Outcome } from '../../harness/wire/decoding.ts';
import { LinkType } from '../../harness/wire/link-type.ts';
import { decodeOnce } from '../support/decode.ts';
import {
  carried,
  erspan2,
  erspan3,
  etherIp,
  ethernet,
  etherOverGre,
  geneve,
  gre,
  ip,
  mpls,
  ppp,
  pppoe,
  providerBackbone,
  pseudowire,
  radiotap,
  snap,
  tunnel,
  type Typed,
  udp,
  vlan,
  vxlan,
  wlan,
} from '../support/layers.ts';
import { concat, encodePacket, segment } from '../support/segment.ts';

const SENT = segment({ flags: 'SYN', options: { mss: 1460 } });
const SENT_6 = segment({
  source: { address: '2001:db8::1', port: 40_000 },
  destination: { address: '::1', port: 7000 },
  payloadBytes: 3,
});
const V4 = encodePacket(SENT);
const V6 = encodePacket(SENT_6);
const FRAME = ethernet(ip(V4));

const IN_ETHERNET: Readonly<Record<string, Typed>> = {
  'a VLAN tag': vlan(ip(V4)),
  QinQ: vlan(vlan(ip(V4)), 0x88a8),
  'the old QinQ': vlan(vlan(ip(V4)), 0x9100),
  'a provider backbone (802.1ah)': providerBackbone(FRAME),
  'an MPLS label': mpls(V4),
  'three MPLS labels': mpls(V4, 3),
  'MPLS in a VLAN': vlan(mpls(V4)),
  'an Ethernet pseudowire': pseudowire(FRAME),
  'an Ethernet pseudowire without control word': mpls(FRAME),
  'PPPoE in QinQ': vlan(vlan(pppoe(V4)), 0x88a8),
  SNAP: snap(ip(V4)),
};

for (const [name, typed] of Object.entries(IN_ETHERNET)) {
  test(`decodes behind ${name}`, (t) => {
    const frame = ethernet(typed);
    const decoded = decodeOnce(LinkType.ETHERNET, frame);
    t.deepEqual(decoded.segment, SENT);
    t.is(decoded.headerBytes, frame.length);
  });
}

const TUNNELS: Readonly<Record<string, Uint8Array>> = {
  'IP in IP': tunnel(4, carried(V4)),
  '4in6': tunnel(6, carried(V4)),
  'IP in IP in IP': tunnel(4, carried(tunnel(6, carried(V4)))),
  GRE: tunnel(4, gre(ip(V4))),
  'GRE with checksum, key and sequence number': tunnel(
    6,
    gre(ip(V4), { checksum: true, key: true, sequence: true }),
  ),
  NVGRE: tunnel(4, etherOverGre(FRAME, { key: true })),
  'ERSPAN type I': tunnel(4, gre({ etherType: 0x88be, bytes: FRAME })),
  'ERSPAN type II': tunnel(4, erspan2(FRAME)),
  'ERSPAN type III': tunnel(4, erspan3(FRAME)),
  'ERSPAN type III with its optional header': tunnel(4, erspan3(FRAME, { optional: true })),
  VXLAN: tunnel(4, vxlan(FRAME)),
  'Geneve with options': tunnel(6, geneve({ etherType: 0x6558, bytes: FRAME }, 3)),
  EtherIP: tunnel(4, etherIp(FRAME)),
  'MPLS in IP': tunnel(4, { protocol: 137, bytes: mpls(V4).bytes }),
  'an authentication header': tunnel(4, {
    protocol: 51,
    bytes: concat(Uint8Array.of(4, 4), new Uint8Array(22), V4),
  }),
  'PPTP (GRE version 1)': tunnel(4, {
    protocol: 47,
    bytes: concat(Uint8Array.of(0x30, 0x81, 0x88, 0x0b), new Uint8Array(12), ppp(V4, { address: true })),
  }),
};

for (const [name, packet] of Object.entries(TUNNELS)) {
  test(`decodes inside ${name}: the innermost packet counts`, (t) => {
    const decoded = decodeOnce(LinkType.ETHERNET, ethernet(ip(packet)));
    t.deepEqual(decoded.segment, SENT);
    t.is(decoded.packet.ipBytes, V4.length);
  });
}

test('decodes 6in4 and IPv6 in IPv6', (t) => {
  for (const version of [4, 6] as const) {
    t.deepEqual(decodeOnce(LinkType.RAW, tunnel(version, carried(V6))).segment, SENT_6);
  }
});

test('what follows the outer packet is no part of the inner one', (t) => {
  const outer = tunnel(4, carried(V4.slice(0, 30)));
  const decoded = decodeOnce(LinkType.RAW, concat(outer, V4.slice(30)));
  t.is(decoded.outcome, Outcome.STOPPED);
  t.is(decoded.issue && formatDecodeIssue(decoded.issue), 'tcp at byte 40: 10 of 20 header bytes captured');
});

test('an inner packet of length 0 (offload) ends with the outer one', (t) => {
  const inner = encodePacket(segment({ payloadBytes: 100 }), { ipLength: 0 });
  const padded = concat(tunnel(4, carried(inner)), new Uint8Array(9));
  t.is(decodeOnce(LinkType.RAW, padded).segment?.payloadBytes, 100);
});

const PPP_FRAMES: readonly (readonly [name: string, linkType: number, frame: Uint8Array])[] = [
  ['PPP', LinkType.PPP, ppp(V4)],
  ['PPP with address and control', LinkType.PPP, ppp(V4, { address: true })],
  ['PPP with its protocol compressed', LinkType.PPP, ppp(V4, { compressed: true })],
  ['PPP in HDLC', LinkType.PPP_HDLC, ppp(V4, { address: true })],
  ["Cisco's HDLC", LinkType.PPP_HDLC, concat(Uint8Array.of(0x0f, 0, 8, 0), V4)],
  ["Cisco's HDLC, to all", LinkType.C_HDLC, concat(Uint8Array.of(0x8f, 0, 8, 0), V4)],
  ['PPP of pppd', LinkType.PPP_PPPD, concat(Uint8Array.of(0, 3), ppp(V4))],
  ['PPP with direction', LinkType.PPP_WITH_DIR, concat(Uint8Array.of(1), ppp(V4, { address: true }))],
  ['MPLS in PPP', LinkType.PPP, concat(Uint8Array.of(0x02, 0x81), mpls(V4).bytes)],
];

for (const [name, linkType, frame] of PPP_FRAMES) {
  test(`decodes ${name}`, (t) => {
    t.deepEqual(decodeOnce(linkType, frame).segment, SENT);
  });
}

test('decodes 802.11 data frames, with QoS, four addresses, HT control', (t) => {
  for (const qos of [false, true]) {
    for (const fourAddresses of [false, true]) {
      const frame = wlan(ip(V4), { qos, fourAddresses, htControl: qos });
      t.deepEqual(decodeOnce(LinkType.IEEE802_11, frame).segment, SENT);
    }
  }
});

test('decodes behind radiotap, which tells of padding, whatever its presence words', (t) => {
  for (const moreWords of [0, 1, 2, 3]) {
    const plain = radiotap(wlan(ip(V6), { qos: true }), { moreWords });
    t.deepEqual(decodeOnce(LinkType.IEEE802_11_RADIOTAP, plain).segment, SENT_6);
    const padded = radiotap(wlan(ip(V6), { qos: true, padded: true }), { padded: true, moreWords });
    t.deepEqual(decodeOnce(LinkType.IEEE802_11_RADIOTAP, padded).segment, SENT_6);
  }
});

test('802.11 frames without data, encrypted, or in fragments give no segment and no issue', (t) => {
  const beacon = wlan(ip(V4)).fill(0x80, 0, 1);
  const withoutData = wlan(ip(V4)).fill(0x48, 0, 1);
  const encrypted = wlan(ip(V4), { flags: 0x40 });
  for (const frame of [beacon, withoutData, encrypted]) {
    const { outcome, issue } = decodeOnce(LinkType.IEEE802_11, frame);
    t.deepEqual([outcome, issue], [Outcome.OTHER, undefined]);
  }
  t.is(decodeOnce(LinkType.IEEE802_11, wlan(ip(V4), { flags: 0x04 })).outcome, Outcome.FRAGMENT);
});

test('an aggregated 802.11 frame is an issue: it may hold several packets', (t) => {
  const frame = wlan(ip(V4), { qos: true }).fill(0x80, 24, 25);
  const { issue } = decodeOnce(LinkType.IEEE802_11, frame);
  t.is(
    issue && formatDecodeIssue(issue),
    'link at byte 24: an aggregated 802.11 frame (A-MSDU) is not decoded',
  );
});

test('a UDP port is a tunnel only with what that tunnel has', (t) => {
  const other = tunnel(4, udp(4789, new Uint8Array(40)));
  t.deepEqual(decodeOnce(LinkType.RAW, other).outcome, Outcome.OTHER);
  t.is(decodeOnce(LinkType.RAW, other).udpPayload?.length, 40);
});

test('a frame that nests without end is stopped', (t) => {
  let packet = V4;
  for (let depth = 0; depth < 31; depth++) packet = tunnel(4, carried(packet));
  const { outcome, issue } = decodeOnce(LinkType.RAW, packet);
  t.is(outcome, Outcome.STOPPED);
  t.regex(issue?.problem ?? '', /more than 32 layers/);
});
