/** tshark is asked about the same packets: every stream's completeness and every flag must be equal. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { CORPUS, corpusCases, missingCorpus } from '../support/corpus.ts';
import { requireCapability } from '../support/require.ts';
import { oneSidedCapture, randomCapture } from './_wireshark-random.ts';
import {
  askTshark,
  missingTshark,
  ourVerdicts,
  type StreamVerdict,
  theirVerdicts,
} from './_wireshark-tshark.ts';

const PARTS = ['zeek', 'packetdrill', 'odd-captures'] as const;
const NO_TSHARK = await missingTshark();

const FTP =
  'its FTP dissector has opened the conversation of the data connection when it read PORT or PASV, so the SYN does not count as its first packet';
/** Where we differ on purpose: capture, the frame that opens the stream, its completeness there and here, and why. */
const COMPLETENESS_ON_PURPOSE: readonly (readonly [
  capture: string,
  frame: number,
  theirs: number,
  ours: number,
  why: string,
])[] = [['zeek/traces/ftp__ipv4.pcap', 0, 30, 31, FTP]];
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

async function compare(capture: string): Promise<{ streams: number; differences: Difference[] }> {
  const rows = await askTshark(capture);
  const theirs = theirVerdicts(rows);
  const ours = ourVerdicts(rows);
  const frames = [...new Set([...theirs.keys(), ...ours.keys()])];
  const differences = frames
    .map((frame) => ({ frame, theirs: theirs.get(frame), ours: ours.get(frame) }))
    .filter((pair) => JSON.stringify(sorted(pair.theirs)) !== JSON.stringify(sorted(pair.ours)));
  return { streams: theirs.size, differences };
}

function sorted(verdict: StreamVerdict | undefined): unknown {
  return verdict && [verdict.completeness, Object.entries(verdict.counts).sort()];
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
  return COMPLETENESS_ON_PURPOSE.some(
    ([name, opening, theirValue, ourValue]) =>
      name === capture &&
      opening === frame &&
      theirs?.completeness === theirValue &&
      ours?.completeness === ourValue &&
      JSON.stringify(Object.entries(theirs.counts).sort()) ===
        JSON.stringify(Object.entries(ours.counts).sort()),
  );
}

function usable(t: ExecutionContext): boolean {
  return requireCapability(t, 'tshark', NO_TSHARK);
}

test('streams of the corpus have the completeness and the analysis flags that tshark gives', async (t) => {
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
  const results = await inPairs(captures.flat(), (capture) => compare(path.join(CORPUS, capture)));
  let streams = 0;
  let onPurpose = 0;
  for (const [capture, result] of results) {
    streams += result.streams;
    const unexcused = result.differences.filter((difference) => !excused(capture, difference));
    onPurpose += result.differences.length - unexcused.length;
    t.deepEqual(unexcused, [], capture);
  }
  t.true(streams >= 265);
  t.is(onPurpose, COMPLETENESS_ON_PURPOSE.length, 'each row of the table is a difference that exists');
  t.log(
    `${streams - onPurpose} of ${streams} streams in ${results.size} captures equal, ${onPurpose} on purpose not`,
  );
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
  t.timeout(60_000);
  if (!usable(t) || !requireCapability(t, 'corpus', missingCorpus('odd-captures'))) return;
  const cases = corpusCases('odd-captures') as OddCapture[];
  const observed = await inPairs(
    cases.map(({ trace }) => trace),
    async (trace) => ourVerdicts(await askTshark(path.join(CORPUS, 'odd-captures', trace))),
  );
  for (const { trace, wiresharkCompleteness } of cases) {
    const ours = [...(observed.get(trace)?.values() ?? [])].map(({ completeness }) => String(completeness));
    t.deepEqual(ours, Object.values(wiresharkCompleteness), trace);
  }
});
