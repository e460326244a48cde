/** tshark's verdicts on a capture, stream by stream. */
import { execa } from 'execa';
import { Analysis } from '../../harness/correlate/wireshark-stream.ts';

export const ANALYSIS_NAMES = Object.keys(Analysis) as readonly (keyof typeof Analysis)[];

const FIELDS = [
  'frame.number',
  'tcp.stream',
  'tcp.completeness',
  'tcp.len',
  'ip.src',
  'ipv6.src',
  'tcp.srcport',
  ...ANALYSIS_NAMES.map((name) => `tcp.analysis.${name.toLowerCase()}`),
];

type Row = ReadonlyMap<string, string>;

/** What is said of a stream: its completeness, and how often each side did what. */
export interface StreamVerdict {
  /** The frame that opens it: streams are told apart by it. */
  readonly frame: number;
  completeness: number;
  /** `0 RETRANSMISSION` → 3; sides count from the sender of the stream's first packet. */
  readonly counts: Record<string, number>;
}

/** Why tshark cannot be asked; undefined when it can. */
export async function missingTshark(): Promise<string | undefined> {
  const { exitCode, stdout } = await execa('tshark', ['--version'], { reject: false });
  if (exitCode !== 0 || typeof stdout !== 'string') return 'no tshark on the PATH';
  // Others mark and number reused ports otherwise: 4.2 starts a stream with each SYN after a FIN or RST.
  return / 4\.0\.\d/.test(stdout)
    ? undefined
    : `only 4.0 is the arbiter, this is: ${stdout.split('\n')[0] ?? ''}`;
}

/**
 * Two passes of tshark over a capture: streams by the frame that opens them.
 * A file that is cut short gives an exit code, and its rows up to there all the same.
 */
export async function tsharkVerdicts(
  capture: string,
  options: readonly string[] = [],
): Promise<Map<number, StreamVerdict>> {
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const { stdout } = await execa(
    'tshark',
    ['-2', '-n', '-r', capture, ...options, '-T', 'fields', ...fields],
    {
      reject: false,
      stderr: 'ignore',
    },
  );
  const rows = stdout.split('\n').map((line) => {
    const values = line.split('\t');
    return new Map(FIELDS.map((field, index) => [field, values[index] ?? '']));
  });
  // A header within an ICMP error opens a stream for Wireshark too, but has no length and is no segment.
  return byOpeningFrame(rows.filter((row) => text(row, 'tcp.len') !== ''));
}

function byOpeningFrame(rows: readonly Row[]): Map<number, StreamVerdict> {
  const verdicts = new Map<string, { readonly verdict: StreamVerdict; readonly opener: string }>();
  for (const row of rows) {
    const stream = text(row, 'tcp.stream');
    const source = sourceOf(row);
    const known = verdicts.get(stream) ?? {
      verdict: newVerdict(Number(text(row, 'frame.number'))),
      opener: source,
    };
    verdicts.set(stream, known);
    const { verdict, opener } = known;
    verdict.completeness = Number(text(row, 'tcp.completeness'));
    const side = source === opener ? 0 : 1;
    for (const name of ANALYSIS_NAMES) {
      if (text(row, `tcp.analysis.${name.toLowerCase()}`) !== '') count(verdict, side, name, 1);
    }
  }
  return new Map([...verdicts.values()].map(({ verdict }) => [verdict.frame, verdict]));
}

export function newVerdict(frame: number): StreamVerdict {
  return { frame, completeness: 0, counts: {} };
}

export function count({ counts }: StreamVerdict, side: number, name: string, times: number): void {
  const key = `${side} ${name}`;
  if (times > 0) counts[key] = (counts[key] ?? 0) + times;
}

/** Of nested IP packets, the innermost counts. */
function sourceOf(row: Row): string {
  const addresses = [text(row, 'ip.src'), text(row, 'ipv6.src')].filter((address) => address !== '');
  return `${addresses.at(-1)?.split(',').at(-1) ?? ''} ${text(row, 'tcp.srcport')}`;
}

function text(row: Row, field: string): string {
  return row.get(field) ?? '';
}
