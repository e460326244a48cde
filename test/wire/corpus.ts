/** Captures with other tools' answers: odd ones with their counts, and every one of them asked of tshark. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { addressText } from '../../harness/model/address.ts';
import { CaptureReader } from '../../harness/wire/capture-reader.ts';
import { decodePacket } from '../../harness/wire/decode-packet.ts';
import { Decoding, Outcome } from '../../harness/wire/decoding.ts';
import { FragmentTable } from '../../harness/wire/fragment-table.ts';
import { CORPUS, corpusCases, missingCorpus } from '../support/corpus.ts';
import { readCapture } from '../support/read-frames.ts';
import { AgainstReference } from '../support/reference/against-reference.ts';
import { requireCapability } from '../support/require.ts';
import { missingTshark, tsharkFields } from '../support/tshark.ts';

const PARTS = ['odd-captures', 'zeek', 'packetdrill'] as const;

interface OddCapture {
  readonly trace: string;
  /** `le-us`, `be-ns`, …; `ng` for pcapng. */
  readonly format: string;
  readonly linkTypes: readonly number[];
  readonly packets: number;
  readonly tcpPackets: number;
  readonly snapTruncatedPackets: number;
  readonly fileCutShort: boolean;
}

/** TCP packets of odd captures that we count otherwise, and why. */
const TCP_PACKETS: Readonly<Partial<Record<string, number>>> = {
  // Frame 4 is an atomic fragment (RFC 6946), which is whole; the corpus leaves it out, tshark shows its request.
  'traces/suricata-verify__tests__firewall__tcp-session-ipv6-decode-malformed__input.pcap': 8,
  // Its one frame is a first fragment whose rest never comes, so that there is no segment. The frame being cut by
  // the snap length, tshark does not wait for the rest and shows what is there.
  'traces/tcpdump__tests__bgp_pmsi_tunnel-oobr.pcap': 0,
};

/** Frames that tshark says hold TCP and we say do not, or the other way round, and why. */
const FRAMES_OF_TSHARK: Readonly<Partial<Record<string, readonly number[]>>> = {
  // As above.
  'tcpdump__tests__bgp_pmsi_tunnel-oobr.pcap': [1],
  // ICMP errors, which quote the header of a segment that was sent before.
  'fastopen_server_opt34_icmp-before-accept.pcap': [4, 5],
};

/** Places in a row below. */
const Cell = { PAYLOAD: 7, TIME: 9, CHECKSUM: 10 } as const;

/** What is left out of the comparison with tshark, and why. */
const NOT_COMPARED: Readonly<Partial<Record<string, readonly number[]>>> = {
  // Fractions of a second and more: tshark prints `5.1000000000`, and large ones overflow its 32 bits. We carry them.
  'tcpdump__tests__timestamp_invalid_nano.pcap': [Cell.TIME],
  'tcpflow__tests__bug8.pcap': [Cell.TIME],
  // Packets of length 0, which were handed over for offload before their checksums were made: not examined here.
  'tcpdump__tests__ipv4_tcp_http_xml_tso.pcap': [Cell.CHECKSUM],
  'ldap__missing_ldap_logs.pcapng': [Cell.CHECKSUM],
  // In some frames the PPPoE length is six short of IP's, which has the TCP checksum on its side.
  'pppoe-over-qinq.pcap': [Cell.PAYLOAD, Cell.CHECKSUM],
};

interface Reading {
  readonly reader: CaptureReader;
  readonly packets: number;
  readonly rows: readonly string[][];
  readonly issues: readonly number[];
  readonly damage: readonly string[];
}

/** Reads a file in chunks that fit nothing. */
function readTrace(file: string): Reading {
  const decoding = new Decoding({ checksums: true, fragments: new FragmentTable() });
  const rows: string[][] = [];
  const issues: number[] = [];
  let packets = 0;
  const reader = new CaptureReader((bytes, start, capturedBytes, originalBytes, linkType, packet) => {
    packets += 1;
    const outcome = decodePacket(linkType, bytes, start, capturedBytes, originalBytes, packet, decoding);
    if (decoding.issue !== undefined) issues.push(packet.frame);
    if (outcome !== Outcome.TCP) return;
    rows.push(
      [packet.frame, ...[packet.sourcePort, packet.destinationPort], packet.sequenceNumber >>> 0]
        .concat([packet.acknowledgmentNumber >>> 0, packet.flags, packet.window, packet.payloadBytes])
        .map(String)
        .concat(
          addressText(packet.ipVersion, packet.source0, packet.source1, packet.source2, packet.source3),
          `${packet.seconds}.${String(packet.nanoseconds).padStart(9, '0')}`,
          packet.checksum === -1 ? '' : String(packet.checksum),
        ),
    );
  });
  const content = readFileSync(file);
  for (let at = 0; at < content.length; at += 1021) reader.push(content.subarray(at, at + 1021));
  return { reader, packets, rows, issues, damage: reader.end().map(({ kind }) => kind) };
}

function formatOf({ format, littleEndian, interfaces }: CaptureReader): string {
  if (format === 'pcapng') return 'ng';
  return `${littleEndian ? 'le' : 'be'}-${interfaces[0]?.resolution.exponent === 9 ? 'ns' : 'us'}`;
}

test('odd captures give as many packets and TCP segments as the corpus says', (t) => {
  if (!requireCapability(t, 'corpus', missingCorpus('odd-captures'))) return;
  const captures = corpusCases('odd-captures') as OddCapture[];
  t.true(captures.length >= 55);
  for (const { trace, ...expected } of captures) {
    const observed = readTrace(path.join(CORPUS, 'odd-captures', trace));
    t.is(formatOf(observed.reader), expected.format, trace);
    t.deepEqual(
      [...new Set(observed.reader.interfaces.map(({ linkType }) => linkType))],
      expected.linkTypes,
      trace,
    );
    t.is(observed.packets, expected.packets, trace);
    t.is(observed.rows.length, TCP_PACKETS[trace] ?? expected.tcpPackets, trace);
    t.is(observed.damage.length > 0, expected.fileCutShort, trace);
    if (expected.snapTruncatedPackets === 0) t.deepEqual(observed.issues, [], trace);
  }
});

interface Trace {
  readonly name: string;
  readonly file: string;
}

function traces(parts: readonly string[] = PARTS): Trace[] {
  return parts.flatMap((part) => {
    const directory = path.join(CORPUS, part, 'traces');
    return readdirSync(directory).map((name) => ({ name, file: path.join(directory, name) }));
  });
}

function missingCorpora(): string | undefined {
  return PARTS.map(missingCorpus).find((reason) => reason !== undefined);
}

const FIELDS = [
  ...['frame.number', 'tcp.srcport', 'tcp.dstport', 'tcp.seq_raw', 'tcp.ack_raw', 'tcp.flags'],
  ...['tcp.window_size_value', 'tcp.len', 'ip.src', 'ipv6.src', 'frame.time_epoch'],
  ...['tcp.checksum.status', 'ip.checksum.status'],
];
/** tshark counts the three reserved bits among the flags. */
const FLAGS_MASK = 0x1ff;
const CHECKSUMS = ['-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE'];
/** Reassembled data is not to be counted as a segment's own. */
const PLAIN = ['-o', 'tcp.desegment_tcp_streams:FALSE'];

for (const part of PARTS) {
  test.serial(
    `${part}: every TCP header is the one that tshark reads, with its time and checksum`,
    async (t) => {
      if (!requireCapability(t, 'corpus', missingCorpus(part))) return;
      if (!requireCapability(t, 'tshark', missingTshark())) return;
      for (const { name, file } of traces([part])) {
        const theirs = await tsharkFields(file, 'tcp', FIELDS, [...CHECKSUMS, ...PLAIN]);
        const theirsOnly = FRAMES_OF_TSHARK[name] ?? [];
        const expected = theirs.filter((row) => !theirsOnly.includes(Number(row[0]))).map(rowOfTshark);
        const observed = readTrace(file).rows;
        t.is(observed.length, expected.length, name);
        for (const [index, row] of observed.entries()) sameRow(t, name, row, expected[index] ?? []);
      }
    },
  );
}

function sameRow(
  t: ExecutionContext,
  name: string,
  row: readonly string[],
  ofTshark: readonly string[],
): void {
  const left = NOT_COMPARED[name] ?? [];
  // tshark examines no more than it has; without a status there is nothing to compare.
  const cells = ofTshark[Cell.CHECKSUM] === '' ? [...left, Cell.CHECKSUM] : left;
  const compared = (_: string, cell: number): boolean => !cells.includes(cell);
  t.deepEqual(row.filter(compared), ofTshark.filter(compared), name);
}

/** Of nested headers the innermost is the last. */
function rowOfTshark(row: readonly string[]): string[] {
  const last = row.map((cell) => cell.split(',').at(-1) ?? '');
  const [frame, sport, dport, seq, ack, flags, window, length, v4, v6, time, tcp, ipv4] = last;
  const address = v4 === '' ? v6 : v4;
  // 1 is good, 0 is bad; 2 and 3 mean that it was not examined.
  const statuses = [tcp, ipv4];
  const examined = tcp === '0' || tcp === '1';
  const checksum = examined ? (statuses.includes('0') ? '0' : '1') : '';
  const cells = [
    frame,
    sport,
    dport,
    seq,
    ack,
    String(Number(flags) & FLAGS_MASK),
    window,
    length,
    address,
    time,
    checksum,
  ];
  return cells.map((cell) => cell ?? '');
}

test('every frame of every capture decodes as the reference decodes it', (t) => {
  if (!requireCapability(t, 'corpus', missingCorpora())) return;
  for (const { name, file } of traces()) {
    const both = new AgainstReference();
    for (const { linkType, bytes, originalBytes } of readCapture(readFileSync(file)).frames) {
      const { observed, expected } = both.decode(linkType, bytes, 0, bytes.length, originalBytes);
      t.deepEqual(observed, expected, name);
    }
  }
});

test('every frame of every capture, with octets changed and cut, decodes as the reference decodes it', (t) => {
  if (!requireCapability(t, 'corpus', missingCorpora())) return;
  const random = mulberry32(20_261_123);
  for (const { name, file } of traces()) {
    const both = new AgainstReference();
    for (const { linkType, bytes, originalBytes } of readCapture(readFileSync(file)).frames.slice(0, 100)) {
      const changed = bytes.slice(0, Math.floor(random() * 2 * bytes.length));
      for (let count = 0; count < 3; count++) {
        changed[Math.floor(random() * Math.min(changed.length, 100))] = Math.floor(random() * 256);
      }
      const { observed, expected } = both.decode(linkType, changed, 0, changed.length, originalBytes);
      t.deepEqual(observed, expected, name);
    }
  }
});

/** The same numbers every time: a failure here is one that can be found again. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
