/** tshark is asked about the same packets: every stream's completeness and every flag must be equal. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Completeness } from '../../harness/correlate/wireshark-stream.ts';
import { CORPUS, corpusCases, missingCorpus } from '../support/corpus.ts';
import { requireCapability } from '../support/require.ts';
import { missingTshark as tsharkNotDemanded } from '../support/tshark.ts';
import { rowDifferences, rowsOf } from '../support/tshark-rows.ts';
import { oneSidedCapture, randomCapture } from './_wireshark-random.ts';
import { ourVerdicts } from './_wireshark-ours.ts';
import { missingTshark, type StreamVerdict, tsharkVerdicts } from './_wireshark-tshark.ts';

const PARTS = ['zeek', 'packetdrill', 'odd-captures'] as const;
const NO_TSHARK = await missingTshark();

/** Where we differ on purpose: in what, which streams (by the frame that opens them), and why. */
const ON_PURPOSE: readonly {
  readonly what: 'completeness lacks the SYN there' | 'flags';
  /** What makes tshark say as we do: the proof of the reason. */
  readonly options?: readonly string[];
  readonly streams: Readonly<Record<string, readonly number[]>>;
  readonly why: string;
}[] = [
  {
    what: 'completeness lacks the SYN there',
    options: ['--disable-protocol', 'ftp'],
    streams: { 'zeek/traces/ftp__ipv4.pcap': [22, 40], 'zeek/traces/ftp__ipv6.pcap': [30, 47, 70] },
    why: 'Wireshark’s FTP dissector opens the conversation of the data connection when it reads PORT or PASV, so that the SYN is not its first packet; we read no payload',
  },
  {
    what: 'flags',
    streams: { 'zeek/traces/pppoe-over-qinq.pcap': [1] },
    why: 'six ACKs have an IP total length of 46 where PPPoE carries 40 octets: to Wireshark they are empty, to our decoder (and to Zeek) they have six octets of payload',
  },
];

/** Captures of which Wireshark tells a stream and we do not. */
const NO_STREAM_ON_PURPOSE: Readonly<Partial<Record<string, string>>> = {
  'traces/tcpdump__tests__bgp_pmsi_tunnel-oobr.pcap':
    'the only frame is a first fragment whose rest never comes: how long its segment is, nobody knows',
};

/** Captures whose rows are not one to one with tshark's streams, on purpose. */
const OTHER_ROWS: Readonly<Partial<Record<string, string>>> = {
  'odd-captures/traces/suricata-verify__tests__tcp-split-handshake-02-5whs__split-handshake-5whs.pcap':
    'the SYN that answers a SYN opens the same connection; Wireshark counts it to a new stream',
  'packetdrill/traces/fastopen_client_nonblocking-connect-bypass-errno.pcap':
    'two RSTs come 12 s after the connections that they belong to were reset: rows of their own',
};

/*
 * And rules that we leave out, without a case in the corpus:
 * - a TCP header quoted in an ICMP error moves Wireshark's completeness and stream numbers; it is no segment of ours;
 * - Multipath TCP excuses some duplicate ACKs (RFC 8684 §4); we do not read that option;
 * - Wireshark stops counting the octet of a SYN or FIN once 10,000 segments of one direction wait for their
 *   acknowledgment; we do so only as long as the other side keeps silent, and keep no list.
 */

interface Difference {
  readonly frame: number;
  readonly theirs: StreamVerdict | undefined;
  readonly ours: StreamVerdict | undefined;
}

async function compare(
  capture: string,
  options: readonly string[] = [],
): Promise<{ streams: number; differences: Difference[]; rows: readonly string[] }> {
  const theirs = await tsharkVerdicts(capture, options);
  const ours = ourVerdicts(await readFile(capture));
  const frames = [...new Set([...theirs.keys(), ...ours.keys()])];
  const differences = frames
    .map((frame) => ({ frame, theirs: theirs.get(frame), ours: ours.get(frame) }))
    .filter((pair) => told(pair.theirs) !== told(pair.ours));
  return { streams: theirs.size, differences, rows: rowDifferences(await rowsOf(capture), theirs) };
}

function told(verdict: StreamVerdict | undefined): string {
  return verdict === undefined ? 'no such stream' : `${verdict.completeness} ${flagsOf(verdict)}`;
}

/** The captures, two at a time: tshark takes a quarter of a second to start. */
async function inPairs<T>(
  captures: readonly string[],
  work: (capture: string) => Promise<T>,
): Promise<Map<string, T>> {
  const results = new Map<string, T>();
  const waiting = [...captures];
  const worker = async (): Promise<void> => {
    for (let capture = waiting.shift(); capture !== undefined; capture = waiting.shift()) {
      results.set(capture, await work(capture));
    }
  };
  await Promise.all([worker(), worker()]);
  return results;
}

async function inTemporaryFile<T>(bytes: Uint8Array, work: (capture: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(path.join(tmpdir(), 'finwait-'));
  try {
    const capture = path.join(directory, 'capture.pcap');
    await writeFile(capture, bytes);
    return await work(capture);
  } finally {
    await rm(directory, { recursive: true });
  }
}

function excused(capture: string, { frame, theirs, ours }: Difference): boolean {
  if (theirs === undefined || ours === undefined) return false;
  const row = ON_PURPOSE.find(({ streams }) => streams[capture]?.includes(frame) === true);
  if (row === undefined) return false;
  return row.what === 'flags'
    ? ours.completeness === theirs.completeness
    : ours.completeness === (theirs.completeness | Completeness.SYN) && flagsOf(ours) === flagsOf(theirs);
}

function flagsOf({ counts }: StreamVerdict): string {
  return JSON.stringify(Object.entries(counts).sort());
}

function usable(t: ExecutionContext): boolean {
  return requireCapability(t, 'tshark', tsharkNotDemanded() ?? NO_TSHARK);
}

test('streams and rows of the corpus have the completeness and the analysis flags that tshark gives', async (t) => {
  t.timeout(120_000);
  if (!usable(t)) return;
  for (const part of PARTS) {
    if (!requireCapability(t, 'corpus', missingCorpus(part))) return;
  }
  const captures = await Promise.all(
    PARTS.map(async (part) =>
      (await readdir(path.join(CORPUS, part, 'traces'))).map((name) => `${part}/traces/${name}`),
    ),
  );
  const results = await inPairs(captures.flat(), async (capture) => {
    const result = await compare(path.join(CORPUS, capture));
    t.pass('the timeout is each capture’s, not that of all');
    return result;
  });
  let streams = 0;
  let onPurpose = 0;
  const unexplained: unknown[] = [];
  for (const [capture, result] of results) {
    streams += result.streams;
    const unexcused = result.differences.filter((difference) => !excused(capture, difference));
    onPurpose += result.differences.length - unexcused.length;
    if (unexcused.length > 0) unexplained.push([capture, unexcused]);
    const rowsDiffer = result.rows.length > 0 && result.differences.length === 0;
    t.is(rowsDiffer, OTHER_ROWS[capture] !== undefined, `${capture}: ${result.rows.join('; ')}`);
  }
  t.deepEqual(unexplained, []);
  t.true(streams >= 264);
  const intended = ON_PURPOSE.flatMap((row) => Object.values(row.streams).flat()).length;
  t.is(onPurpose, intended, 'each row of the table is a difference that exists');
  t.log(
    `${streams - onPurpose} of ${streams} streams in ${results.size} captures equal, ${onPurpose} on purpose not`,
  );
});

test('without the dissector that is the reason, tshark says of these streams what we say', async (t) => {
  if (!usable(t)) return;
  if (!requireCapability(t, 'corpus', missingCorpus('zeek'))) return;
  for (const { options, streams } of ON_PURPOSE) {
    if (options === undefined) continue;
    for (const capture of Object.keys(streams)) {
      t.deepEqual((await compare(path.join(CORPUS, capture), options)).differences, [], capture);
    }
  }
});

test('random streams have the flags that tshark gives', async (t) => {
  if (!usable(t)) return;
  const { streams, differences } = await inTemporaryFile(randomCapture(20_260_101, 12_000), compare);
  t.true(streams > 900);
  t.deepEqual(differences, []);
});

test('of one direction only, the FIN after 10,000 segments counts as tshark counts it', async (t) => {
  if (!usable(t)) return;
  const { streams, differences } = await inTemporaryFile(oneSidedCapture(), compare);
  t.is(streams, 1);
  t.deepEqual(differences, []);
});

interface OddCapture {
  readonly trace: string;
  readonly wiresharkCompleteness: Readonly<Record<string, string>>;
}

test('odd captures have the completeness that the corpus recorded', async (t) => {
  if (!requireCapability(t, 'corpus', missingCorpus('odd-captures'))) return;
  for (const { trace, wiresharkCompleteness } of corpusCases('odd-captures') as OddCapture[]) {
    const verdicts = ourVerdicts(await readFile(path.join(CORPUS, 'odd-captures', trace)));
    const ours = [...verdicts.values()].map(({ completeness }) => String(completeness));
    if (trace in NO_STREAM_ON_PURPOSE) {
      t.deepEqual(ours, [], trace);
      continue;
    }
    // Of a capture with many streams, the corpus has the first few.
    const recorded = Object.values(wiresharkCompleteness);
    t.deepEqual(ours.slice(0, recorded.length), recorded, trace);
  }
});
