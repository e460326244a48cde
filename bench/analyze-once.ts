/**
 * One capture through the engine in a process of its own, so that its memory can be told; bench/analyze.ts starts it.
 * Arguments: the capture; optionally another to get warm on. Prints {@link Figures} as JSON.
 */
import { analyzeCapture } from '../harness/analyze/analyze-capture.ts';
import { openCaptureSource } from '../harness/analyze/capture-source.ts';

export interface Figures {
  readonly packets: number;
  readonly connections: number;
  /** Of the analysis alone. */
  readonly wallMs: number;
  readonly peakMegabytes: number;
}

const WARM_UPS = 3;

const [path, warmUpPath] = process.argv.slice(2);
if (path === undefined) throw new TypeError('which capture?');
if (warmUpPath !== undefined) {
  for (let round = 0; round < WARM_UPS; round++) await analyzeCapture(await openCaptureSource(warmUpPath));
}
const startedAt = performance.now();
const { tcpPackets, connections } = await analyzeCapture(await openCaptureSource(path));
const figures: Figures = {
  packets: tcpPackets,
  connections,
  wallMs: performance.now() - startedAt,
  // Linux tells it in kilobytes.
  peakMegabytes: process.resourceUsage().maxRSS / 1024,
};
process.stdout.write(JSON.stringify(figures));
