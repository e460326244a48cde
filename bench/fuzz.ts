/**
 * npm run fuzz [-- --seconds 60 --packets 10000000 --seed 1]: mutated captures through reader, decoder, engine and
 * renderers, for so long or until there were so many packets. Anything thrown but ERR_FINWAIT_FORMAT, an execution that
 * takes long, or memory past its bound is a fault: exit code 1.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { analyzeCapture, type CaptureSource, FIELDS, isFinwaitError } from '../harness/index.ts';
import { renderJsonLine } from '../harness/report/json.ts';
import { Table } from '../harness/report/terminal/table.ts';
import { renderZeekJsonRow, renderZeekLogRow } from '../harness/report/zeek-log.ts';
import { generateCapture } from './capture-generator.ts';
import { commandLine } from './command-line.ts';
import { mutated, type Original, originalOf, Random } from './mutations.ts';

const CORPUS = process.env['FINWAIT_CORPUS'] ?? path.join(import.meta.dirname, '../../../shared/corpus');
/** Larger ones take the time of many small ones, and have nothing that those have not. */
const LARGEST_ORIGINAL = 256 * 1024;
const MOST_MILLISECONDS = 2000;
const MOST_RESIDENT_MB = 512;
const OPEN_LIMITS = [1, 16, 1_000_000] as const;

/** Undefined where nobody gave it. */
const NO_LIMITS: { readonly seconds: string | undefined; readonly packets: string | undefined } = {
  seconds: undefined,
  packets: undefined,
};

const { lasting, most, seed } = commandLine(
  'npm run fuzz -- [--seconds 60] [--packets 10000000] [--seed 1]',
  { ...NO_LIMITS, seed: '1' },
  ({ seconds, packets, seed }) => ({
    // For so many packets it takes as long as it takes.
    lasting: seconds !== undefined ? positive('seconds', seconds) : packets === undefined ? 60 : Infinity,
    most: packets === undefined ? Infinity : positive('packets', packets),
    seed: positive('seed', seed),
  }),
);
process.exitCode = await fuzz(lasting, most, seed);

function positive(name: string, text: string): number {
  const number = Number(text);
  if (!(number > 0 && number < Infinity))
    throw new TypeError(`--${name} takes a number above 0, not "${text}"`);
  return number;
}

async function fuzz(lasting: number, mostFrames: number, from: number): Promise<number> {
  const originals = readOriginals();
  const startMs = performance.now();
  const endMs = startMs + lasting * 1000;
  let executions = 0;
  let frames = 0;
  let refused = 0;
  let slowestMs = 0;
  while (performance.now() < endMs && frames < mostFrames) {
    // Each execution has a seed of its own, so that one can be had again without those before it.
    const random = new Random(Math.imul(from, 0x9e3779b1) + executions);
    const original = random.of(originals);
    const bytes = mutated(original, random);
    const started = process.cpuUsage();
    try {
      frames += await analyze(bytes, random);
    } catch (error) {
      if (!isFinwaitError(error) || error.code !== 'ERR_FINWAIT_FORMAT') {
        return report(keep(bytes, from, executions), original, error);
      }
      refused++;
    }
    // Of this process alone: on a busy machine the clock says nothing.
    const { user, system } = process.cpuUsage(started);
    const tookMs = (user + system) / 1000;
    slowestMs = Math.max(slowestMs, tookMs);
    if (tookMs > MOST_MILLISECONDS) {
      return report(keep(bytes, from, executions), original, `it took ${tookMs.toFixed(0)} ms`);
    }
    executions++;
  }
  const peakMb = process.resourceUsage().maxRSS / 1024;
  process.stdout.write(
    `seed ${from}, ${((performance.now() - startMs) / 1000).toFixed(0)} s, ${originals.length} captures: ${executions} executions, ${frames} packets, ` +
      `${refused} refused as no capture; slowest ${slowestMs.toFixed(0)} ms, peak RSS ${peakMb.toFixed(0)} MB\n`,
  );
  if (peakMb <= MOST_RESIDENT_MB) return 0;
  process.stderr.write(`Memory went past its bound of ${MOST_RESIDENT_MB} MB.\n`);
  return 1;
}

/** The corpus, or captures made on the spot. */
function readOriginals(): Original[] {
  const files = existsSync(CORPUS)
    ? readdirSync(CORPUS, { recursive: true, encoding: 'utf8' }).filter((name) =>
        /\.pcap(ng)?(\.gz)?$/.test(name),
      )
    : [];
  const found = files.sort().flatMap((name) => {
    const packed = readFileSync(path.join(CORPUS, name));
    const bytes = new Uint8Array(packed[0] === 0x1f && packed[1] === 0x8b ? gunzipSync(packed) : packed);
    return bytes.length > LARGEST_ORIGINAL ? [] : (readable(name, bytes) ?? []);
  });
  if (found.length > 0) return found;
  process.stderr.write(
    `No captures in ${CORPUS} (set FINWAIT_CORPUS); generated ones are mutated instead.\n`,
  );
  return [1, 20, 200].flatMap((connections) => {
    const chunks = Array.from(generateCapture({ connections, concurrent: 10 }), (chunk) => chunk.slice());
    return originalOf(`${connections} generated connections`, new Uint8Array(Buffer.concat(chunks))) ?? [];
  });
}

/** Some of the corpus is damaged from its first bytes on. */
function readable(name: string, bytes: Uint8Array): Original | undefined {
  try {
    return originalOf(name, bytes);
  } catch (error) {
    if (isFinwaitError(error)) return undefined;
    throw error;
  }
}

/** @returns how many frames there were */
async function analyze(bytes: Uint8Array, random: Random): Promise<number> {
  const { frames } = await analyzeCapture(sourceOf(bytes, random), {
    zeekRun: 'fuzz',
    communityIds: true,
    checksums: random.below(2) === 0,
    follow: 1 + random.below(4),
    maxOpen: random.of(OPEN_LIMITS),
    onRow: (row, zeekRow) => {
      // What is not finite or not plain data is refused here, too.
      const table = new Table(FIELDS);
      const texts = [table.line(table.add(row)), renderJsonLine({ ...row })];
      if (zeekRow !== undefined) texts.push(renderZeekLogRow(zeekRow), renderZeekJsonRow(zeekRow));
      for (const text of texts) checkPrintable(text);
    },
  });
  return frames;
}

function checkPrintable(text: string): void {
  if (/(?![\n\t])\p{Cc}/u.test(text)) throw new TypeError(`a control character in ${JSON.stringify(text)}`);
}

/** The bytes in chunks of any size. */
function sourceOf(bytes: Uint8Array, random: Random): CaptureSource {
  const chunkBytes = random.of([bytes.length, 65_536, 1 + random.below(2000)]);
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < bytes.length; at += chunkBytes) {
      yield await Promise.resolve(bytes.subarray(at, at + chunkBytes));
    }
  }
  return {
    name: 'mutated',
    totalBytes: bytes.length,
    bytesRead: () => bytes.length,
    chunks: chunks(),
    damage: () => undefined,
  };
}

function keep(bytes: Uint8Array, from: number, execution: number): string {
  const file = path.join(tmpdir(), `finwait-fuzz-${from}-${execution}.capture`);
  writeFileSync(file, bytes);
  return file;
}

function report(file: string, original: Original, problem: unknown): number {
  const text = problem instanceof Error ? (problem.stack ?? problem.message) : String(problem);
  process.stderr.write(`A mutation of ${original.name} is a fault; it is kept in ${file}\n${text}\n`);
  return 1;
}
