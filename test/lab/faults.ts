/** What a lab's faults do to real segments, and how the evidence tells of it. */
import test from 'ava';
import { correlate } from '../../harness/correlate/correlate.ts';
import type { Lab } from '../../harness/lab/lab.ts';
import type { Pair } from '../../harness/lab/pair.ts';
import type { TrackedSegment } from '../../harness/model/connection.ts';
import { Flag, flagsText, hasFlags } from '../../harness/model/segment.ts';
import { shareLab } from '../support/shared-lab.ts';

const privateLab = shareLab(test);
const twoHosts = shareLab(test, { network: 'private', hosts: 2 });

async function establishedPair(lab: Lab, server = 'half-open'): Promise<Pair> {
  const pair = await lab.pair({ server, client: 'half-close' });
  await pair.client.connect();
  await pair.until({
    acknowledged: ['client', 'server'],
    states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
  });
  return pair;
}

async function segmentsOf(pair: Pair): Promise<readonly TrackedSegment[]> {
  return correlate(await pair.evidence()).connections[0]?.segments ?? [];
}

function dataOf(segments: readonly TrackedSegment[]): readonly TrackedSegment[] {
  return segments.filter(({ segment }) => segment.payloadBytes > 0);
}

test.serial('the second data segment is lost, the first and its own retransmission are not', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await establishedPair(lab);
  await pair.fault({ from: 'client', flags: 'PSH', nth: [2], action: 'drop' });
  await pair.client.write('one');
  await pair.until({ acknowledged: ['client'] });
  await pair.client.write('two');
  await pair.until({
    segments: [{ from: 'client', minPayloadBytes: 1, times: 3 }],
    acknowledged: ['client'],
  });
  const data = dataOf(await segmentsOf(pair));
  t.deepEqual(
    data.map(({ delivered, retransmission }) => [delivered, retransmission]),
    [
      [true, false],
      [false, false],
      [true, true],
    ],
  );
});

test.serial(
  'a FIN that is kept comes behind nothing until it is released, and nothing is lost',
  async (t) => {
    const lab = privateLab(t);
    if (lab === undefined) return;
    await using pair = await establishedPair(lab);
    const gate = await pair.fault({ from: 'client', flags: 'FIN', action: 'keep' });
    await pair.client.end();
    await pair.until({ states: { client: 'FIN-WAIT-1', server: 'ESTABLISHED' } });
    t.false((await segmentsOf(pair)).some(({ segment }) => hasFlags(segment, Flag.FIN)));
    // Meanwhile the other direction goes on: what is sent now is before the FIN on the wire.
    await pair.server.write('in front of it');
    await pair.until({ events: [{ side: 'client', name: 'data' }] });
    await gate.release();
    await pair.until({ acknowledged: ['client'], states: { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' } });
    const segments = await segmentsOf(pair);
    const [data] = dataOf(segments);
    const fin = segments.find(({ segment }) => hasFlags(segment, Flag.FIN));
    t.true((data?.segment.frame ?? Infinity) < (fin?.segment.frame ?? 0));
    t.true(segments.every(({ delivered }) => delivered));
  },
);

test.serial('a segment that is doubled is captured twice, with one sequence number', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  // So long that what comes twice was not sent twice: it is acknowledged at once.
  await using _compression = await lab.compress({ retransmitAfterMs: 3000 });
  await using pair = await establishedPair(lab);
  await pair.fault({ from: 'client', flags: 'PSH', nth: [1], action: 'duplicate' });
  await pair.client.write('twice');
  await pair.until({
    segments: [{ from: 'client', minPayloadBytes: 1, times: 2 }],
    acknowledged: ['client'],
  });
  const data = dataOf(await segmentsOf(pair));
  t.is(data.length, 2);
  t.is(data[0]?.sequence, data[1]?.sequence);
});

test.serial('every segment that is doubled comes twice, on one host and on two, and no more', async (t) => {
  for (const lab of [privateLab(t), twoHosts(t)]) {
    if (lab === undefined) continue;
    await using _compression = await lab.compress({ retransmitAfterMs: 3000 });
    await using pair = await establishedPair(lab);
    await using _fault = await lab.fault({ flags: 'PSH', action: 'duplicate' });
    await pair.client.write('twice');
    await pair.server.write('twice, too');
    await pair.until({
      segments: [
        { from: 'client', minPayloadBytes: 1, times: 2 },
        { from: 'server', minPayloadBytes: 1, times: 2 },
      ],
      acknowledged: ['client', 'server'],
    });
    const data = dataOf(await segmentsOf(pair));
    t.deepEqual(data.map(({ from }) => from).sort(), ['client', 'client', 'server', 'server']);
  }
});

test.serial('an injected RST ends the end that it is sent to, and is not the other’s', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await establishedPair(lab);
  await pair.fault({ from: 'client', flags: 'PSH', nth: [1], action: 'reset' });
  await pair.client.write('never received');
  await pair.until({
    events: [{ side: 'client', name: 'close' }],
    states: { client: 'CLOSED', server: 'ESTABLISHED' },
  });
  const segments = await segmentsOf(pair);
  const rst = segments.find(({ segment }) => hasFlags(segment, Flag.RST));
  t.like(rst, { from: 'server', injected: true });
  t.deepEqual(rst?.statesAfter, { client: 'CLOSED', server: 'ESTABLISHED' });
  t.false(dataOf(segments)[0]?.delivered);
});

test.serial('on two hosts both ends are seen, and an unplugged host receives nothing', async (t) => {
  const lab = twoHosts(t);
  if (lab === undefined) return;
  await using pair = await establishedPair(lab);
  await using cable = await lab.unplug('client');
  await pair.server.write('to nobody');
  await pair.until({ segments: [{ from: 'server', minPayloadBytes: 1 }] });
  const [lost] = dataOf(await segmentsOf(pair));
  t.false(lost?.delivered);
  await cable.release();
  await pair.until({ acknowledged: ['server'], events: [{ side: 'client', name: 'data' }] });
  t.true(dataOf(await segmentsOf(pair)).some(({ delivered }) => delivered));
});

test.serial('a cable that is pulled twice is put back twice', async (t) => {
  const lab = twoHosts(t);
  if (lab === undefined) return;
  await using pair = await establishedPair(lab);
  const [first, second] = [await lab.unplug('client'), await lab.unplug('client')];
  await first.release();
  await pair.server.write('to nobody');
  await pair.until({ segments: [{ from: 'server', minPayloadBytes: 1 }] });
  t.false(dataOf(await segmentsOf(pair))[0]?.delivered);
  await second.release();
  await pair.until({ acknowledged: ['server'], events: [{ side: 'client', name: 'data' }] });
  t.true(dataOf(await segmentsOf(pair)).at(-1)?.delivered);
});

test.serial('an unplugged host receives nothing over IPv6 either', async (t) => {
  const lab = twoHosts(t);
  if (lab === undefined) return;
  const server = { behaviour: 'half-open', address: '2001:db8::1' };
  await using pair = await lab.pair({ server, client: 'half-close' });
  await pair.client.connect();
  await pair.until({ acknowledged: ['client', 'server'], states: { server: 'ESTABLISHED' } });
  await using _cable = await lab.unplug('client');
  await pair.server.write('to nobody');
  await pair.until({ segments: [{ from: 'server', minPayloadBytes: 1 }] });
  t.false(dataOf(await segmentsOf(pair))[0]?.delivered);
});

test.serial('on two hosts a second client in the server’s place opens simultaneously', async (t) => {
  const lab = twoHosts(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: { dials: 'half-close' }, client: 'half-close' });
  const gates = [
    await pair.fault({ from: 'client', flags: 'SYN', action: 'keep' }),
    await pair.fault({ from: 'server', flags: 'SYN', action: 'keep' }),
  ];
  await t.throwsAsync(pair.server.end(), { message: /^server end/, code: 'ERR_FINWAIT_PEER_COMMAND' });
  await pair.client.connect();
  await pair.server.connect();
  await pair.until({ states: { client: 'SYN-SENT', server: 'SYN-SENT' } });
  for (const gate of gates) await gate.release();
  await pair.until({ states: { client: 'ESTABLISHED', server: 'ESTABLISHED' } });
  const { client, server } = await pair.evidence();
  t.deepEqual([client?.address, server.address], ['192.0.2.2', '192.0.2.1']);
});

test.serial('a process that is killed is no damage, and its end is in the connection', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({
    server: { behaviour: 'never-ends', peer: 'victim' },
    client: 'half-close',
  });
  await pair.client.connect();
  await pair.until({ acknowledged: ['client', 'server'], states: { server: 'ESTABLISHED' } });
  await pair.kill('server');
  await pair.until({ segments: [{ from: 'server', flags: 'FIN' }] });
  const timeline = correlate(await pair.evidence());
  t.deepEqual(timeline.evidence.damage, []);
  const killed = timeline.connections[0]?.js.find(({ report }) => report.name === 'SIGKILL');
  t.is(killed?.side, 'server');
  await t.throwsAsync(pair.kill('client'), {
    code: 'ERR_FINWAIT_PEER_COMMAND',
    message: /shares its process/,
  });
});

test.serial('clients of one server are told apart from their SYN on', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using server = await lab.listen('half-open');
  const pairs = await Promise.all(
    ['first', 'second', 'third'].map(() => lab.pair({ server, client: 'half-close' })),
  );
  await Promise.all(pairs.map((pair) => pair.client.connect()));
  for (const [index, pair] of pairs.entries()) {
    await pair.server.write('x'.repeat(index + 1));
    await pair.until({ events: [{ side: 'client', name: 'data' }] });
  }
  for (const [index, pair] of pairs.entries()) {
    const { connections, evidence } = correlate(await pair.evidence());
    t.is(connections.length, 1);
    t.is(connections[0]?.summary.payloadBytes.server, index + 1);
    t.deepEqual(evidence.damage, []);
    await pair.stop();
  }
});

test.serial(
  'a second client in the server’s place connects back, and both ports are known before',
  async (t) => {
    const lab = privateLab(t);
    if (lab === undefined) return;
    await using pair = await lab.pair({ server: { dials: 'half-close' }, client: 'half-close' });
    // Nobody listens at either end; alone, the first is refused.
    await pair.client.connect();
    await pair.until({ segments: [{ from: 'server', flags: 'RST' }] });
    const [syn] = await segmentsOf(pair);
    t.is(flagsText(syn?.segment.flags ?? 0), 'SYN');
    t.is(syn?.segment.source.port, pair.clientEndpoint?.port);
  },
);

test('faults that make no sense are TypeErrors', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  const drop = { action: 'drop' } as const;
  await t.throwsAsync(lab.fault({ ...drop, nth: [0] }), { instanceOf: TypeError, message: /ordinal/ });
  const misspelt = { action: 'dorp' } as never;
  await t.throwsAsync(lab.fault(misspelt), { instanceOf: TypeError, message: /"dorp"; known: drop/ });
  await t.throwsAsync(lab.fault({ ...drop, nth: [] }), { instanceOf: TypeError, message: /such as \[1\]/ });
  await t.throwsAsync(lab.fault({ ...drop, nth: 1 as never }), { instanceOf: TypeError, message: /list/ });
  await t.throwsAsync(lab.fault({ ...drop, nth: [4], outOf: 3 }), { instanceOf: TypeError, message: /4th/ });
  await t.throwsAsync(lab.fault({ ...drop, outOf: 3 }), { instanceOf: TypeError, message: /goes with nth/ });
  await t.throwsAsync(lab.fault({ ...drop, without: 'FNI' }), { instanceOf: TypeError, message: /FNI/ });
  await t.throwsAsync(lab.delay(0), { instanceOf: TypeError, message: /delay/ });
  await t.throwsAsync(lab.unplug('nobody' as never), { instanceOf: TypeError, message: /nobody/ });
  await t.throwsAsync(lab.unplug('client'), { code: 'ERR_FINWAIT_PEER_COMMAND', message: /no cable/ });
});
