/** Captures of odd link types, byte orders and damage, with the counts that tshark gives. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { isFinwaitError } from '../../harness/errors.ts';
import { decodeFrame, segmentOf } from '../../harness/wire/decode-frame.ts';
import { PcapReader } from '../../harness/wire/pcap.ts';
import { CORPUS, corpusCases, missingCorpus } from '../support/corpus.ts';
import { requireCapability } from '../support/require.ts';

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

/** Where we count otherwise, and why. */
const TCP_PACKETS: Readonly<Partial<Record<string, number>>> = {
  // Frame 4 is an atomic fragment (RFC 6946), which is whole; the corpus leaves it out, tshark shows its request.
  'traces/suricata-verify__tests__firewall__tcp-session-ipv6-decode-malformed__input.pcap': 8,
};

interface Reading {
  linkType: number | undefined;
  format: string | undefined;
  packets: number;
  tcpPackets: number;
  segments: number;
  issues: number;
  cutShort: boolean;
}

function readCapture(trace: string): Reading {
  const reader = new PcapReader();
  const reading = { packets: 0, tcpPackets: 0, segments: 0, issues: 0, cutShort: false };
  try {
    for (const frame of reader.read(readFileSync(path.join(CORPUS, 'odd-captures', trace)))) {
      const decoded = decodeFrame(reader.header?.linkType ?? -1, frame.bytes, frame.originalBytes);
      reading.packets += 1;
      if (decoded.tcp !== undefined || decoded.issue?.layer === 'tcp') reading.tcpPackets += 1;
      if (segmentOf(decoded, frame) !== undefined) reading.segments += 1;
      if (decoded.issue !== undefined) reading.issues += 1;
    }
    reading.cutShort = reader.end() > 0;
  } catch (error) {
    if (!isFinwaitError(error)) throw error;
    reading.cutShort = true;
  }
  const { header } = reader;
  const format = header && `${header.littleEndian ? 'le' : 'be'}-${header.fractionNs === 1 ? 'ns' : 'us'}`;
  return { linkType: header?.linkType, format, ...reading };
}

test('odd captures give as many packets and TCP segments as tshark counts', (t) => {
  if (!requireCapability(t, 'corpus', missingCorpus('odd-captures'))) return;
  const captures = (corpusCases('odd-captures') as OddCapture[]).filter(({ format }) => format !== 'ng');
  t.true(captures.length >= 40);
  for (const expected of captures) {
    const { trace, snapTruncatedPackets } = expected;
    const observed = readCapture(trace);
    t.is(observed.format, expected.format, trace);
    t.deepEqual([observed.linkType], expected.linkTypes, trace);
    t.is(observed.packets, expected.packets, trace);
    t.is(observed.tcpPackets, TCP_PACKETS[trace] ?? expected.tcpPackets, trace);
    t.is(observed.cutShort, expected.fileCutShort, trace);
    if (snapTruncatedPackets > 0) continue;
    t.is(observed.issues, 0, trace);
    t.is(observed.segments, observed.tcpPackets, trace);
  }
});
