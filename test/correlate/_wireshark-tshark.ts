/** tshark's verdicts on a capture, stream by stream, and ours on the same packets. */
import { execa } from 'execa';
import { Analysis, WiresharkStream } from '../../harness/correlate/wireshark-stream.ts';
import { Packet } from '../../harness/model/packet.ts';

export const ANALYSIS_NAMES = Object.keys(Analysis) as readonly (keyof typeof Analysis)[];

const SEGMENT_FIELDS = [
  'frame.number',
  'frame.time_epoch',
  'tcp.stream',
  'tcp.completeness',
  'ip.src',
  'ip.dst',
  'ipv6.src',
  'ipv6.dst',
  'tcp.srcport',
  'tcp.dstport',
  'tcp.seq_raw',
  'tcp.ack_raw',
  'tcp.flags',
  'tcp.window_size_value',
  'tcp.len',
  'tcp.options.wscale.shift',
] as const;
const FIELDS = [...SEGMENT_FIELDS, ...ANALYSIS_NAMES.map((name) => `tcp.analysis.${name.toLowerCase()}`)];

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

/** Two passes of tshark over a capture. A cut file gives an exit code, and its rows up to there all the same. */
export async function askTshark(capture: string): Promise<Row[]> {
  const fields = FIELDS.flatMap((field) => ['-e', field]);
  const { stdout } = await execa('tshark', ['-n', '-2', '-r', capture, '-T', 'fields', ...fields], {
    reject: false,
    stderr: 'ignore',
  });
  const rows = stdout.split('\n').map((line) => {
    const values = line.split('\t');
    return new Map(FIELDS.map((field, index) => [field, values[index] ?? '']));
  });
  // A header within an ICMP error opens a stream for Wireshark too, but has no length and is no segment.
  return rows.filter((row) => row.get('tcp.len') !== '' && row.get('tcp.len') !== undefined);
}

/** Streams by the frame that opens them, as tshark's rows tell. */
export function theirVerdicts(rows: readonly Row[]): Map<number, StreamVerdict> {
  const verdicts = new Map<string, { readonly verdict: StreamVerdict; readonly opener: string }>();
  for (const row of rows) {
    const stream = text(row, 'tcp.stream');
    const source = endpoint(row, 'src');
    const known = verdicts.get(stream) ?? { verdict: newVerdict(row), opener: source };
    verdicts.set(stream, known);
    const { verdict, opener } = known;
    verdict.completeness = Number(text(row, 'tcp.completeness'));
    const side = source === opener ? 0 : 1;
    for (const name of ANALYSIS_NAMES) {
      if (text(row, `tcp.analysis.${name.toLowerCase()}`) !== '') add(verdict, side, name, 1);
    }
  }
  return new Map([...verdicts.values()].map(({ verdict }) => [verdict.frame, verdict]));
}

interface Tracked {
  readonly stream: WiresharkStream;
  readonly opener: string;
  readonly verdict: StreamVerdict;
}

/** The same as {@link WiresharkStream} sees them. */
export function ourVerdicts(rows: readonly Row[]): Map<number, StreamVerdict> {
  const open = new Map<string, Tracked>();
  const all: Tracked[] = [];
  const startNs = rows[0] === undefined ? 0n : capturedAtNs(rows[0]);
  for (const row of rows) {
    const packet = packetOf(row);
    const source = endpoint(row, 'src');
    const flow = [source, endpoint(row, 'dst')].sort().join(' ');
    let tracked = open.get(flow);
    const isReuse = tracked?.stream.startsAnother(packet, tracked.opener === source ? 0 : 1) ?? false;
    if (tracked === undefined || isReuse) {
      tracked = { stream: new WiresharkStream(), opener: source, verdict: newVerdict(row) };
      if (isReuse) tracked.stream.restart();
      open.set(flow, tracked);
      all.push(tracked);
    }
    const time = Number(capturedAtNs(row) - startNs) / 1e9;
    tracked.stream.see(packet, tracked.opener === source ? 0 : 1, time);
  }
  return new Map(all.map((tracked) => [tracked.verdict.frame, finalVerdict(tracked)]));
}

function finalVerdict({ stream, verdict }: Tracked): StreamVerdict {
  verdict.completeness = stream.completeness;
  for (const side of [0, 1] as const) {
    for (const name of ANALYSIS_NAMES) {
      const count = stream.count(side, Analysis[name]);
      if (count > 0) add(verdict, side, name, count);
    }
  }
  return verdict;
}

function newVerdict(row: Row): StreamVerdict {
  return { frame: Number(text(row, 'frame.number')), completeness: 0, counts: {} };
}

function add({ counts }: StreamVerdict, side: number, name: string, count: number): void {
  const key = `${side} ${name}`;
  counts[key] = (counts[key] ?? 0) + count;
}

function packetOf(row: Row): Packet {
  const packet = new Packet();
  const [seconds = '', fraction = ''] = text(row, 'frame.time_epoch').split('.');
  packet.frame = Number(text(row, 'frame.number'));
  packet.seconds = Number(seconds);
  packet.nanoseconds = Number(fraction);
  packet.sourcePort = Number(text(row, 'tcp.srcport'));
  packet.destinationPort = Number(text(row, 'tcp.dstport'));
  packet.sequenceNumber = Number(text(row, 'tcp.seq_raw')) | 0;
  packet.acknowledgmentNumber = Number(text(row, 'tcp.ack_raw')) | 0;
  packet.flags = Number(text(row, 'tcp.flags'));
  packet.window = Number(text(row, 'tcp.window_size_value'));
  packet.payloadBytes = Number(text(row, 'tcp.len'));
  const shift = text(row, 'tcp.options.wscale.shift');
  packet.windowScale = shift === '' ? -1 : Number(shift);
  return packet;
}

function capturedAtNs(row: Row): bigint {
  const [seconds = '0', fraction = '0'] = text(row, 'frame.time_epoch').split('.');
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction);
}

/** Of nested IP packets, the innermost counts. */
function endpoint(row: Row, which: 'src' | 'dst'): string {
  const addresses = [text(row, `ip.${which}`), text(row, `ipv6.${which}`)].filter(
    (address) => address !== '',
  );
  const address = addresses.at(-1)?.split(',').at(-1) ?? '';
  return `${address} ${text(row, `tcp.${which}port`)}`;
}

function text(row: Row, field: string): string {
  return row.get(field) ?? '';
}
