/** `finwait analyze` on captures that are compressed, damaged, or have times and checksums that are wrong. */
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import type { Segment } from '../../harness/model/segment.ts';
import { LinkType } from '../../harness/wire/link-type.ts';
import { CORPUS, missingCorpus } from '../support/corpus.ts';
import { type CommandResult, finwait } from '../support/finwait.ts';
import { PcapngBuilder } from '../support/pcapng.ts';
import { requireCapability } from '../support/require.ts';
import { OPENING, script } from '../support/segment-script.ts';
import { concat, encodeFrame, encodePacket, encodePcap } from '../support/segment.ts';
import { fileOf, pcapOf } from './_capture-files.ts';

/** Some four megabytes: many chunks, compressed or not. */
const LARGE = pcapOf(
  script([...OPENING, ...new Array<string>(64).fill('client PSH,ACK len 60000'), 'server ACK']),
);

async function analyze(t: ExecutionContext, bytes: Uint8Array, ...options: string[]): Promise<CommandResult> {
  return await finwait(['analyze', fileOf(t, bytes, 'capture'), ...options]);
}

test('a compressed capture of many chunks is read to its end, and nothing is said of it', async (t) => {
  const plain = await analyze(t, LARGE);
  t.regex(plain.stdout, / 68  3840000 /);
  for (const level of [0, 6]) t.deepEqual(await analyze(t, gzipSync(LARGE, { level })), plain);
  t.is(plain.stderr, '');
});

/** What was done to a gzip file of the large capture, and the least that must have been told of its 68 frames. */
const DAMAGES: Readonly<
  Record<string, readonly [damage: (gzip: Buffer) => Uint8Array, leastFrames: number]>
> = {
  'with a wrong check sum': [(gzip) => flipped(gzip, gzip.length - 8), 66],
  'with a wrong length': [(gzip) => flipped(gzip, gzip.length - 1), 66],
  'with garbage behind its end': [(gzip) => concat(gzip, Buffer.alloc(40_000, 'garbage')), 66],
  'damaged in its middle': [(gzip) => flipped(gzip, middleBlock(gzip) + 1), 30],
  'cut in its middle': [(gzip) => gzip.subarray(0, gzip.length >> 1), 30],
  'cut inside its last octets': [(gzip) => gzip.subarray(0, -3), 68],
};

for (const [what, [damage, leastFrames]] of Object.entries(DAMAGES)) {
  test(`a gzip file ${what} is told as far as it goes: damaged, exit code 4`, async (t) => {
    for (const input of ['file', 'pipe']) {
      const gzip = damage(gzipSync(LARGE, { level: 0 }));
      const { exitCode, stdout, stderr } =
        input === 'file'
          ? await analyze(t, gzip, '--summary')
          : await finwait(['analyze', '-', '--summary'], { input: gzip });
      t.is(exitCode, 4, stderr);
      const problems = stderr.split('\n');
      t.regex(problems.at(-1) ?? '', /: cut at byte \d+: its gzip data are damaged: /);
      // Before that, what the damage left of a frame.
      for (const problem of problems) t.regex(problem, /: \w+ at byte \d+: /);
      const frames = Number(/packets of (\d+) frames/.exec(stdout)?.[1]);
      t.true(frames >= leastFrames && frames <= 68, stdout);
    }
  });
}

function flipped(gzip: Buffer, at: number): Uint8Array {
  const damaged = Buffer.from(gzip);
  damaged[at] = (damaged[at] ?? 0) ^ 0xff;
  return damaged;
}

/** Where the header of a stored block lies, behind half of the file. Source: RFC 1951 §3.2.4. */
function middleBlock(gzip: Buffer): number {
  let at = 10;
  while (at < gzip.length / 2) at += 5 + gzip.readUInt16LE(at + 1);
  return at;
}

test('--summary of a clock beyond any calendar', async (t) => {
  const pcapng = new PcapngBuilder();
  const frames = script(OPENING).map((segment) => encodeFrame(LinkType.ETHERNET, encodePacket(segment)));
  const ticks = 2n ** 44n;
  const bytes = concat(
    pcapng.section(),
    // if_tsresol 0: a tick is a second.
    pcapng.interface({ resolution: 0 }),
    ...frames.map((frame, at) => pcapng.enhanced({ ticks: ticks + BigInt(at), bytes: frame })),
  );
  const { exitCode, stdout, stderr } = await analyze(t, bytes, '--summary');
  t.is(exitCode, 0, stderr);
  t.regex(stdout, /^ {2}from second 17592186044416 of the epoch, 2 s;/m);
});

test('--checksums leaves wrong ones out of the ladder, too', async (t) => {
  const segments = script([...OPENING, 'client PSH,ACK len 7', 'client PSH,ACK len 9']);
  const bytes = withChecksums(segments, (at) => at !== 3);
  const all = await analyze(t, bytes, '--connection', '1', '--ascii');
  t.regex(all.stdout, /len 7[^]*len 9/);
  t.is(all.stderr, '');
  const { stdout, stderr } = await analyze(t, bytes, '--connection', '1', '--ascii', '--checksums');
  t.regex(stdout, /^connection 1[^]*SYN seq 0[^]*len 9/);
  t.false(stdout.includes('len 7'), stdout);
  t.regex(stderr, /: 1 packets with a wrong checksum$/);
});

/** A capture of segments that have their TCP checksums, or 0. */
function withChecksums(segments: readonly Segment[], isRight: (at: number) => boolean): Uint8Array {
  return encodePcap(
    segments.map((segment, at) => ({
      capturedAtNs: segment.capturedAtNs,
      bytes: encodeFrame(LinkType.ETHERNET, encodePacket(segment, { checksum: isRight(at) })),
    })),
    { snapLength: 65_535 },
  );
}

for (const trace of [
  'zeek__testing__btest__Traces__tcp__handshake-reorder.pcap',
  'suricata-verify__tests__tcp-split-handshake-02-5whs__split-handshake-5whs.pcap',
]) {
  test(`${trace}: one row, one ladder`, async (t) => {
    if (!requireCapability(t, 'corpus', missingCorpus('odd-captures'))) return;
    const file = path.join(CORPUS, 'odd-captures', 'traces', trace);
    const rows = await finwait(['analyze', file, '--columns', 'id,packets']);
    t.is(rows.stdout.split('\n').length, 2, rows.stdout);
    const { stdout } = await finwait(['analyze', file, '--connection', '1', '--ascii']);
    t.is(stdout.match(/^connection 1\b/gm)?.length, 1, stdout);
    t.is(stdout.match(/^connection /gm)?.length, 1, stdout);
  });
}
