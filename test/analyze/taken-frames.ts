/** Frames that the engine takes as they lie, and the same frames decoded a layer at a time. */
import { deepStrictEqual } from 'node:assert';
import test from 'ava';
import fc from 'fast-check';
import { generateCapture } from '../../bench/capture-generator.ts';
import { analyzeCapture } from '../../harness/analyze/analyze-capture.ts';
import type { CaptureSource } from '../../harness/analyze/capture-source.ts';
import { Connections, ROOM_BYTES } from '../../harness/correlate/connections.ts';
import { Engine } from '../../harness/correlate/engine.ts';
import { PredictedConnection } from '../../harness/correlate/predicted-connection.ts';
import { Packet } from '../../harness/model/packet.ts';
import * as Taken from '../../harness/prediction/taken.ts';
import { CaptureReader } from '../../harness/wire/capture-reader.ts';
import { decodePacket } from '../../harness/wire/decode-packet.ts';
import { Decoding } from '../../harness/wire/decoding.ts';
import { LinkType } from '../../harness/wire/link-type.ts';
import { PcapngBuilder } from '../support/pcapng.ts';
import { CLOSING_BY_CLIENT, OPENING, script } from '../support/segment-script.ts';
import { packet } from '../support/packet.ts';
import { readCapture } from '../support/read-frames.ts';
import { concat, encodeFrame, encodePacket, encodePcap, segment } from '../support/segment.ts';
import { alteredCapture, anyOptions } from './_altered-capture.ts';

const ENDPOINTS = {
  4: {},
  6: { client: { address: '2001:db8::1', port: 40_000 }, server: { address: '2001:db8::2', port: 7000 } },
} as const;

const ANY = { maxOpen: 10, predict: true };

/** Octets that come in chunks. */
function sourceOf(capture: Uint8Array, chunkBytes: number): CaptureSource {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < capture.length; at += chunkBytes) {
      await Promise.resolve();
      yield capture.subarray(at, at + chunkBytes);
    }
  }
  return {
    name: 'made',
    totalBytes: capture.length,
    bytesRead: () => 0,
    chunks: chunks(),
    damage: () => undefined,
  };
}

/** The same frames at the same times. */
function pcapngOf(pcap: Uint8Array): Uint8Array {
  const build = new PcapngBuilder();
  const blocks: Uint8Array[] = [build.section(), build.interface()];
  for (const { capturedAtNs, bytes } of readCapture(pcap).frames) {
    blocks.push(build.enhanced({ ticks: capturedAtNs / 1000n, bytes }));
  }
  return concat(...blocks);
}

/** All that is told of a capture. */
async function toldOf(
  capture: Uint8Array,
  { predict, chunkBytes = capture.length }: { readonly predict: boolean; readonly chunkBytes?: number },
): Promise<unknown> {
  const rows: unknown[] = [];
  const analysis = await analyzeCapture(sourceOf(capture, chunkBytes), {
    predict,
    zeekRun: 'run',
    onRow: (row, zeekRow) => rows.push([row, zeekRow]),
  });
  return { rows, analysis };
}

test('whatever the frames hold, whatever their form and the chunks they come in: the same rows', async (t) => {
  await fc.assert(
    fc.asyncProperty(alteredCapture, fc.integer({ min: 1, max: 3000 }), async (capture, chunkBytes) => {
      const expected = await toldOf(capture, { predict: false });
      deepStrictEqual(await toldOf(capture, { predict: true }), expected);
      deepStrictEqual(await toldOf(capture, { predict: true, chunkBytes }), expected);
    }),
    { numRuns: 1500 },
  );
  t.pass();
});

test('a chunk larger than what is brought at once gives the same', async (t) => {
  const made = generateCapture({ connections: 2000, payloadBytes: 100 });
  const capture = concat(...Array.from(made, (chunk) => chunk.slice()));
  t.true(capture.length > 4 * ROOM_BYTES);
  t.deepEqual(
    await toldOf(capture, { predict: true }),
    await toldOf(capture, { predict: false, chunkBytes: 5000 }),
  );
});

/** Whether the engine takes a frame as it lies, first of all or behind what was seen before. */
function takes(frame: Uint8Array, engine = new Engine({ onFinished: () => undefined })): boolean {
  const packet = new Packet();
  // A handshake that takes no time is not predicted.
  packet.seconds = 1_700_000_000 + engine.packets;
  engine.bring(frame);
  return engine.takeFrame(frame, 0, frame.length, LinkType.ETHERNET, packet);
}

const synWith = (...tcpOptions: readonly number[]): Uint8Array =>
  encodeFrame(
    LinkType.ETHERNET,
    encodePacket(segment({ flags: 'SYN', acknowledgmentNumber: 0 }), {
      tcpOptions: Uint8Array.from(tcpOptions),
    }),
  );

test('a SYN with the usual options is taken as it lies, one with others is decoded', (t) => {
  for (const usual of [
    [],
    [2, 4, 5, 0xb4],
    [1, 3, 3, 7],
    [4, 2, 1, 1],
    [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1, 3, 3, 7],
    [2, 4, 5, 0xb4, 0, 34, 34, 34],
  ]) {
    t.true(takes(synWith(...usual)), String(usual));
  }
  for (const other of [
    [34, 2, 1, 1],
    [254, 4, 0xf9, 0x89],
    [3, 4, 7, 1],
    [2, 4, 5, 0xb4, 3, 3, 7, 3],
    [1, 1, 3, 3],
    [1, 1, 1, 3],
    [19, 4, 0, 0],
    [99, 1, 3, 3],
    [5, 1, 1, 1],
    [34, 1, 1, 1],
    [99, 0, 1, 1],
  ]) {
    t.false(takes(synWith(...other)), String(other));
  }
});

test('a SYN that is taken as it lies tells what it tells when it is decoded', (t) => {
  let taken = 0;
  fc.assert(
    fc.property(
      anyOptions,
      fc.nat(150),
      fc.nat(255),
      fc.constantFrom<4 | 6>(4, 6),
      (tcpOptions, at, octet, version) => {
        const [syn] = script(OPENING, ENDPOINTS[version]);
        if (syn === undefined) return;
        const frame = encodeFrame(LinkType.ETHERNET, encodePacket(syn, { tcpOptions }));
        if (at < frame.length) frame[at] = octet;
        const [lying, decoded] = [new Connections(ANY), new Connections(ANY)];
        lying.bring(frame);
        const place = lying.placeOf(frame);
        if (lying.code.takeFrame(LinkType.ETHERNET, place, frame.length, 1, 5, 7) === Taken.NO) return;
        taken++;
        const packet = new Packet();
        [packet.frame, packet.seconds, packet.nanoseconds] = [1, 5, 7];
        decodePacket(LinkType.ETHERNET, frame, 0, frame.length, frame.length, packet, new Decoding());
        decoded.show(packet);
        t.is(decoded.code.see(), Taken.YES);
        const told = [lying, decoded].map((connections) => {
          const connection = connections.code.currentConnection();
          const predicted = new PredictedConnection();
          connections.load(connection, predicted);
          return [predicted, connections.keyOf(connection)];
        });
        t.deepEqual(told[0], told[1]);
      },
    ),
    { numRuns: 3000 },
  );
  t.true(taken > 300, String(taken));
});

test('a fragment, a tag, an IP option, an extension header: each is for the decoder', (t) => {
  const [v4, v6] = ([4, 6] as const).map((version) => {
    const [syn] = script(OPENING, ENDPOINTS[version]);
    return encodeFrame(LinkType.ETHERNET, encodePacket(syn ?? segment()));
  }) as [Uint8Array, Uint8Array];
  t.true(takes(v4));
  t.true(takes(v6));
  for (const [frame, at, octet] of [
    [v4, 20, 0x20],
    [v4, 20, 0x1f],
    [v4, 21, 1],
    [v4, 12, 0x81],
    [v4, 14, 0x46],
    [v4, 14, 0x65],
    [v4, 23, 17],
    [v4, 17, 39],
    [v6, 20, 0],
    [v6, 20, 60],
    [v6, 14, 0x40],
    [v6, 19, 19],
  ] as const) {
    const other = frame.slice();
    other[at] = octet;
    t.false(takes(other), `${at} ${octet}`);
  }
});

test('a frame may be cut within its payload, not within its headers', (t) => {
  const syn = synWith(1, 3, 3, 7);
  for (let length = 0; length <= syn.length; length++) {
    // Behind it lies what would make it whole.
    const chunk = concat(syn, syn);
    t.is(takes(chunk.subarray(0, length)), length === syn.length, String(length));
  }
  const lines = [...OPENING, 'client ACK len 100'];
  for (const [cutBytes, taken] of [
    [0, true],
    [1, true],
    [100, true],
    [101, false],
  ] as const) {
    const frames = script(lines).map((sent) => encodeFrame(LinkType.ETHERNET, encodePacket(sent)));
    const engine = new Engine({ onFinished: () => undefined });
    const all = frames.map((frame, at) =>
      takes(frame.subarray(0, frame.length - (at === 3 ? cutBytes : 0)), engine),
    );
    t.deepEqual(all, [true, true, true, taken]);
  }
});

test('who asks for packets, or for the segments of one connection, is given every one', async (t) => {
  const [capture = new Uint8Array()] = Array.from(generateCapture({ connections: 50 }), (chunk) =>
    chunk.slice(),
  );
  const connections: number[] = [];
  await analyzeCapture(sourceOf(capture, 5000), { onPacket: (_packet, of) => connections.push(of) });
  t.is(connections.length, 500);
  t.is(new Set(connections).size, 50);
  const { segments } = await analyzeCapture(sourceOf(capture, 5000), { follow: 7 });
  t.is(segments.length, 10);
});

test('what was odd of one segment is not held against the next', (t) => {
  const engine = new Engine({ onFinished: () => undefined });
  const odd = packet({ from: [1, 1], to: [2, 2], flags: 'SYN' });
  odd.fastOpen = 1;
  engine.see(odd);
  t.true(takes(synWith(), engine));
});

test('connections that are over are finished as early, frames taken or not', async (t) => {
  // Some go for they have waited long enough, others since too many wait.
  for (const microsecondsBetweenPackets of [10, 1000]) {
    const made = generateCapture({ connections: 5000, microsecondsBetweenPackets });
    const pcap = concat(...Array.from(made, (chunk) => chunk.slice()));
    const finishedAfter = async (capture: Uint8Array, predict: boolean): Promise<readonly number[]> => {
      const after: number[] = [];
      let chunks = 0;
      await analyzeCapture(sourceOf(capture, 999), {
        predict,
        onProgress: () => chunks++,
        onRow: () => after.push(chunks),
      });
      return after;
    };
    for (const capture of [pcap, pcapngOf(pcap)]) {
      t.deepEqual(await finishedAfter(capture, true), await finishedAfter(capture, false));
    }
  }
});

for (const [name, linkType] of Object.entries({
  Ethernet: LinkType.ETHERNET,
  'Linux cooked': LinkType.LINUX_SLL,
  'Linux cooked v2': LinkType.LINUX_SLL2,
})) {
  for (const version of [4, 6] as const) {
    test(`${name}, IPv${version}: of an orderly connection, every frame is taken as it lies`, (t) => {
      const lines = [...OPENING, 'client ACK len 9', 'server ACK', ...CLOSING_BY_CLIENT];
      const frames = script(lines, ENDPOINTS[version]).map((sent) => ({
        capturedAtNs: sent.capturedAtNs,
        bytes: encodeFrame(linkType, encodePacket(sent)),
      }));
      const build = new PcapngBuilder();
      const blocks = frames.map(({ capturedAtNs, bytes }) => build.enhanced({ ticks: capturedAtNs, bytes }));
      for (const capture of [
        encodePcap(frames, { linkType }),
        encodePcap(frames, { linkType, littleEndian: false, fractionNs: 1000 }),
        encodePcap(frames, { linkType, modified: true, fractionNs: 1000 }),
        concat(build.section(), build.interface({ linkType }), ...blocks),
      ]) {
        const finFrames: unknown[] = [];
        const engine = new Engine({
          onFinished: ({ predicted }) => {
            finFrames.push(predicted?.client.controlFrame, predicted?.server.controlFrame);
          },
        });
        let seen = 0;
        engine.bring(capture);
        new CaptureReader(() => seen++, engine).push(capture);
        engine.end();
        t.deepEqual([seen, engine.packets, engine.connections], [0, frames.length, 1]);
        t.deepEqual(finFrames, [6, 8]);
      }
    });
  }
}
