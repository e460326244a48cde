import { readFile } from 'node:fs/promises';
import { isFinwaitError } from '../errors.ts';
import {
  analyzeCapture,
  type CaptureAnalysis,
  type CaptureSource,
  correlate,
  type Damage,
  type Expectation,
  judge,
  openCaptureSource,
  segments,
  SegmentsSyntaxError,
  type Timeline,
} from '../index.ts';
import { renderJson } from '../report/json.ts';
import { renderLadder } from '../report/terminal/ladder.ts';
import { printable } from '../report/terminal/printable.ts';
import { type Command, type OptionValues, usageError } from './command.ts';
import { exitCodeOfStatus } from './exit-codes.ts';
import { print, textOptions } from './terminal.ts';

/** Version of what `--json` prints; raised when a field changes its meaning or goes. */
const JSON_SCHEMA_VERSION = 1;

export const expect: Command = {
  name: 'expect',
  synopsis: 'TEXT CAPTURE',
  about: 'hold a connection in a capture against its segments as a text file tells them',
  positionals: true,
  options: {
    connection: { type: 'string', about: 'the one with this id, as analyze numbers them, if there are more' },
    strict: { type: 'boolean', about: 'segment by segment: none more, fewer, split, merged or late' },
    json: { type: 'boolean', about: 'the verdict as JSON, in place of the ladder' },
    ascii: { type: 'boolean', about: 'draw with ASCII characters only' },
  },
  async run(values, paths) {
    const [textPath, capturePath, ...others] = paths;
    if (textPath === undefined || capturePath === undefined || others.length > 0) {
      throw usageError('expect needs a text and a capture.', 'finwait expect close.txt run.pcap');
    }
    const expectation = await readExpectation(textPath, values);
    const source = await openCapture(capturePath);
    const { id, timeline } = await readConnection(source, values['connection']);
    const [connection] = timeline.connections;
    const verdict = judge(timeline, connection, expectation);
    if (values['json'] === true) {
      const { client, server } = connection ?? {};
      const schemaVersion = JSON_SCHEMA_VERSION;
      print(renderJson({ schemaVersion, capture: source.name, connection: id, client, server, verdict }));
    } else if (connection !== undefined) {
      print(renderLadder({ ...connection, id }, { ...textOptions(values), verdicts: [verdict] }));
    }
    return exitCodeOfStatus(verdict.status);
  },
};

async function readExpectation(path: string, { strict }: OptionValues): Promise<Expectation> {
  const text = await readText(path);
  try {
    return segments(text, strict === true ? { strict } : {});
  } catch (error) {
    if (!(error instanceof SegmentsSyntaxError)) throw error;
    throw usageError(`${path}, ${error.message}`, 'docs/segments-text.md explains the notation.');
  }
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException;
    throw usageError(`${path}: cannot be read (${code}).`, 'finwait expect TEXT CAPTURE, in this order.');
  }
}

async function openCapture(path: string): Promise<CaptureSource> {
  try {
    return await openCaptureSource(path);
  } catch (error) {
    if (!isFinwaitError(error)) throw error;
    throw usageError(error.message, error.hint ?? '');
  }
}

async function readConnection(
  source: CaptureSource,
  option: OptionValues[string],
): Promise<{ readonly id: number; readonly timeline: Timeline }> {
  const id = option === undefined ? 1 : Number(option);
  if (!Number.isSafeInteger(id) || id < 1) {
    throw usageError(
      `--connection takes a whole number from 1, not "${String(option)}".`,
      'finwait analyze CAPTURE lists the connections with their ids.',
    );
  }
  let server: { address: string; port: number } | undefined;
  const analysis = await analyzeCapture(source, {
    follow: id,
    onRow: (row) => {
      if (row.id === id) ({ server } = row);
    },
  });
  if (server === undefined || (option === undefined && analysis.connections > 1)) {
    throw usageError(
      `${source.name} has ${analysis.connections} connections${option === undefined ? '' : `, and none with the id ${id}`}.`,
      'Choose one by --connection; finwait analyze CAPTURE lists them with their ids.',
    );
  }
  const damage = damageOf(analysis);
  const nothing = { snapshots: [], reports: [], clockReadings: [], holds: [] };
  return { id, timeline: correlate({ server, segments: analysis.segments, damage, ...nothing }) };
}

/** What is wrong with a capture may hide segments of any connection in it. */
function damageOf({ damage, undecodable, firstUndecodable, fragments }: CaptureAnalysis): Damage[] {
  const [first] = damage;
  return [
    ...(first === undefined
      ? []
      : [
          {
            lane: 'wire',
            kind: 'capture-ended',
            detail: `the capture is damaged at byte ${first.offset}: ${printable(first.problem)}`,
          } as const,
        ]),
    ...(undecodable === 0
      ? []
      : [
          {
            lane: 'wire',
            kind: 'undecodable',
            detail: `${undecodable} frames could not be decoded; the first: ${firstUndecodable ?? ''}`,
          } as const,
        ]),
    ...(fragments === 0
      ? []
      : [
          {
            lane: 'wire',
            kind: 'undecodable',
            detail: `${fragments} IP fragments did not complete a packet`,
          } as const,
        ]),
  ];
}
