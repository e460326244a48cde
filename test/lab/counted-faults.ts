/** Faults that count segments: the kernel and the evidence count the same ones, whatever else befalls them. */
import test from 'ava';
import { correlate } from '../../harness/correlate/correlate.ts';
import { handshake } from '../../harness/expect/expectation.ts';
import { judge } from '../../harness/expect/judge.ts';
import type { Lab } from '../../harness/lab/lab.ts';
import type { Pair } from '../../harness/lab/pair.ts';
import type { Timeline, TrackedSegment } from '../../harness/model/connection.ts';
import { shareLab } from '../support/shared-lab.ts';

const privateLab = shareLab(test);
const twoHosts = shareLab(test, { network: 'private', hosts: 2 });

/** What a connection with losses measured is not to lengthen the retransmission timers of the next. */
async function forgetful(lab: Lab | undefined): Promise<Lab | undefined> {
  await lab?.writeSysctl('net.ipv4.tcp_no_metrics_save', 1);
  return lab;
}

const FIRST_SYN = { from: 'client', flags: 'SYN', nth: [1], action: 'drop' } as const;

async function connected(pair: Pair): Promise<Pair> {
  await pair.client.connect();
  await pair.until({
    acknowledged: ['client', 'server'],
    states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
  });
  return pair;
}

async function establishedPair(lab: Lab): Promise<Pair> {
  return await connected(await lab.pair({ server: 'half-open', client: 'half-close' }));
}

async function timelineOf(pair: Pair): Promise<Timeline> {
  return correlate(await pair.evidence());
}

async function dataOf(pair: Pair): Promise<readonly TrackedSegment[]> {
  const { connections } = await timelineOf(pair);
  return connections[0]?.segments.filter(({ segment }) => segment.payloadBytes > 0) ?? [];
}

test.serial('a fault that counts is refused while another client of the server may be meant', async (t) => {
  const lab = await forgetful(privateLab(t));
  if (lab === undefined) return;
  await using server = await lab.listen('half-open');
  await using pair = await lab.pair({ server, client: 'half-close' });
  const rule = { from: 'server', flags: 'SYN,ACK', nth: [1], action: 'drop' } as const;
  await t.throwsAsync(pair.fault(rule), { code: 'ERR_FINWAIT_PEER_COMMAND', message: /other clients/ });
  await pair.client.connect();
  await pair.until({ acknowledged: ['client', 'server'] });
  await (await pair.fault(rule)).release();
});

test.serial('nor is a program that is none of the lab’s taken for this pair’s alone', async (t) => {
  const lab = await forgetful(privateLab(t));
  if (lab === undefined) return;
  await using server = await lab.listen('half-open');
  await using pair = await lab.pair({ server: server.endpoint, client: 'half-close' });
  await t.throwsAsync(pair.fault(FIRST_SYN), { code: 'ERR_FINWAIT_PEER_COMMAND', message: /other clients/ });
});

test.serial('a pair whose server another has too cannot count its segments before it connects', async (t) => {
  const lab = await forgetful(privateLab(t));
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: 'half-open', client: 'half-close' });
  const server = pair.listening;
  if (server === undefined) throw new Error('no server listens');
  const other = await lab.pair({ server, client: 'half-close' });
  await t.throwsAsync(pair.fault(FIRST_SYN), { code: 'ERR_FINWAIT_PEER_COMMAND', message: /other clients/ });
  await other.stop();
  const gate = await pair.fault(FIRST_SYN);
  await t.throwsAsync(lab.pair({ server, client: 'half-close' }), {
    code: 'ERR_FINWAIT_PEER_COMMAND',
    message: /second pair/,
  });
  await gate.release();
  await using _third = await lab.pair({ server, client: 'half-close' });
});

test.serial('a client that is told where to bind is counted alone', async (t) => {
  const lab = await forgetful(privateLab(t));
  if (lab === undefined) return;
  await using server = await lab.listen('half-open');
  const client = { behaviour: 'half-close', options: { localPort: await lab.freePort() } };
  await using pair = await lab.pair({ server, client });
  await using other = await lab.pair({ server, client: 'half-close' });
  await using _fault = await pair.fault({ from: 'server', flags: 'SYN,ACK', nth: [1], action: 'drop' });
  await connected(other);
  await connected(pair);
  const synAcksOf = async (each: Pair): Promise<readonly boolean[]> => {
    const { connections } = await timelineOf(each);
    const segments = connections[0]?.segments ?? [];
    return segments
      .filter(({ segment }) => (segment.flags & 0x12) === 0x12)
      .map(({ delivered }) => delivered);
  };
  t.true((await synAcksOf(other)).every(Boolean));
  t.deepEqual((await synAcksOf(pair)).slice(0, 2), [false, true]);
});

test.serial('segments of others that a gate counts are counted in the evidence, too', async (t) => {
  const lab = await forgetful(privateLab(t));
  if (lab === undefined) return;
  await using server = await lab.listen('half-open');
  await using first = await lab.pair({ server, client: 'half-close' });
  await using second = await lab.pair({ server, client: 'half-close' });
  const source = server.endpoint;
  await using _fault = await lab.fault({ source, flags: 'SYN,ACK', nth: [1], action: 'drop' });
  await connected(second);
  await connected(first);
  for (const pair of [first, second]) {
    const timeline = await timelineOf(pair);
    t.is(judge(timeline, timeline.connections[0], handshake()).status, 'met');
    t.deepEqual(timeline.evidence.damage, []);
  }
  const { connections } = await timelineOf(second);
  t.false(connections[0]?.segments[1]?.delivered);
});

test.serial(
  'what other gates take is counted: lost are the first to the third, whoever takes them',
  async (t) => {
    const lab = await forgetful(privateLab(t));
    if (lab === undefined) return;
    await using pair = await establishedPair(lab);
    await using _second = await pair.fault({ from: 'client', flags: 'PSH', nth: [2], action: 'drop' });
    await using _third = await pair.fault({ from: 'client', flags: 'PSH', nth: [3], action: 'drop' });
    const hold = await pair.hold({ from: 'client', flags: 'PSH' });
    await pair.client.write('sent four times');
    await pair.until({ segments: [{ from: 'client', minPayloadBytes: 1 }] });
    await hold.release();
    await pair.until({ acknowledged: ['client'] });
    const data = await dataOf(pair);
    t.deepEqual(
      data.map(({ delivered }) => delivered),
      [false, false, false, true],
    );
  },
);

test.serial('outOf: every third segment is lost, for ever', async (t) => {
  const lab = await forgetful(privateLab(t));
  if (lab === undefined) return;
  await using pair = await establishedPair(lab);
  await using _fault = await pair.fault({ from: 'client', flags: 'PSH', nth: [3], outOf: 3, action: 'drop' });
  // A third one brings another, its retransmission.
  for (const times of [1, 2, 4, 5, 7]) {
    await pair.client.write('x');
    await pair.until({
      segments: [{ from: 'client', minPayloadBytes: 1, times }],
      acknowledged: ['client'],
    });
  }
  const data = await dataOf(pair);
  t.deepEqual(
    data.map(({ delivered }) => delivered),
    [true, true, false, true, true, false, true],
  );
});

test.serial('on two hosts a fault counts where the address says', async (t) => {
  const lab = await forgetful(twoHosts(t));
  if (lab === undefined) return;
  const rule = { flags: 'PSH', nth: [1], action: 'drop' } as const;
  await t.throwsAsync(lab.fault(rule), { instanceOf: TypeError, message: /destination: \{address\}/ });
  await using pair = await establishedPair(lab);
  await using _fault = await pair.fault({ from: 'server', ...rule });
  await pair.client.write('counted by nobody');
  await pair.until({ acknowledged: ['client'] });
  await pair.server.write('lost');
  await pair.until({ acknowledged: ['server'], events: [{ side: 'client', name: 'data' }] });
  t.deepEqual((await dataOf(pair)).map(({ from, delivered }) => [from, delivered]).slice(0, 3), [
    ['client', true],
    ['server', false],
    ['server', true],
  ]);
});

test.serial('what an unplugged host never received is counted', async (t) => {
  const lab = await forgetful(twoHosts(t));
  if (lab === undefined) return;
  await using pair = await establishedPair(lab);
  await using _fault = await pair.fault({ from: 'server', flags: 'PSH', nth: [2], action: 'drop' });
  const cable = await lab.unplug('client');
  await pair.server.write('first');
  await pair.until({ segments: [{ from: 'server', minPayloadBytes: 1 }] });
  await cable.release();
  await pair.until({ acknowledged: ['server'] });
  t.deepEqual((await dataOf(pair)).map(({ delivered }) => delivered).slice(0, 3), [false, false, true]);
});
