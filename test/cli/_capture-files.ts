/** Capture files of scripted conversations, in a directory that goes with the test. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ExecutionContext } from 'ava';
import type { Segment } from '../../harness/model/segment.ts';
import { CLOSING_BY_CLIENT, OPENING, script, SERVER } from '../support/segment-script.ts';
import { encodeFrame, encodePacket, encodePcap } from '../support/segment.ts';
import { LinkType } from '../../harness/wire/link-type.ts';

const CLOSING_BY_SERVER = ['server FIN,ACK', 'client ACK', 'client FIN,ACK', 'server ACK'];

const CONVERSATIONS: readonly (readonly string[])[] = [
  [...OPENING, 'client PSH,ACK len 100', 'server ACK', ...CLOSING_BY_CLIENT],
  [...OPENING, 'server PSH,ACK len 300', 'client ACK +20 ms', ...CLOSING_BY_SERVER],
  [...OPENING, 'client PSH,ACK len 7', 'server RST,ACK'],
  ['client SYN', 'server RST,ACK seq 0'],
];

/** Closed by the client, closed by the server, reset by the server, refused: ports 40001 to 40004, 10 s apart. */
export const SEGMENTS: readonly Segment[] = CONVERSATIONS.flatMap((lines, index) =>
  script(lines, {
    client: { address: '127.0.0.1', port: 40_001 + index },
    server: SERVER,
    fromMs: 1 + index * 10_000,
  }),
);

export function pcapOf(segments: readonly Segment[]): Uint8Array {
  return encodePcap(
    segments.map((segment) => ({
      capturedAtNs: segment.capturedAtNs,
      bytes: encodeFrame(LinkType.ETHERNET, encodePacket(segment)),
    })),
    { snapLength: 65_535 },
  );
}

export const PCAP: Uint8Array = pcapOf(SEGMENTS);

/** @returns the path of a file of these bytes */
export function fileOf(t: ExecutionContext, bytes: Uint8Array | string, name = 'capture.pcap'): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'finwait-analyze-'));
  t.teardown(() => {
    rmSync(directory, { recursive: true });
  });
  const file = path.join(directory, name);
  writeFileSync(file, bytes);
  return file;
}
