/** Expectations held against real connections: texts of segments, causes of resets, what programs never saw. */
import test from 'ava';
import { assertMet } from '../../harness/assert/assert-met.ts';
import { correlate } from '../../harness/correlate/correlate.ts';
import { reset } from '../../harness/expect/expectation.ts';
import { dataAfterFin, simultaneousClose } from '../../harness/expect/flow-expectations.ts';
import { judge } from '../../harness/expect/judge.ts';
import { emitted, leftIn, neverEmitted } from '../../harness/expect/program-expectations.ts';
import {
  elapsed,
  inOrder,
  nothingAfter,
  retransmitted,
  segments,
} from '../../harness/expect/segment-expectations.ts';
import type { Lab } from '../../harness/lab/lab.ts';
import type { Pair } from '../../harness/lab/pair.ts';
import { findScenario } from '../../harness/scenario/catalogue.ts';
import { runScenario } from '../../harness/scenario/run-scenario.ts';
import { labFor, shareLab } from '../support/shared-lab.ts';

const privateLab = shareLab(test);

const HALF_CLOSE = `
client > server  SYN               seq 0  mss 65495  sackOK
server > client  SYN,ACK           seq 0  ack 1
client > server  ACK               seq 1  ack 1  len 0
client > server  FIN,ACK           len 0
server > client  ACK               ack 2            # may come late, on the reply
server > client  PSH,ACK  len 11                    # the late reply
client > server  ACK               ack 12
server > client  FIN,ACK
client > server  ACK               ack 13
end
`;

async function establishedPair(lab: Lab, server: string, client = 'half-close'): Promise<Pair> {
  const pair = await lab.pair({ server, client });
  await pair.client.connect();
  await pair.until({
    acknowledged: ['client', 'server'],
    states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
  });
  return pair;
}

test.serial(
  'evidence ends with a snapshot that is surely behind the last segment, from the first run on',
  async (t) => {
    const lab = await labFor(t, { network: 'private' });
    if (lab === undefined) return;
    try {
      for (let round = 0; round < 5; round++) {
        await using pair = await establishedPair(lab, 'half-open');
        await pair.client.end();
        await pair.until({ acknowledged: ['client'], states: { client: 'FIN-WAIT-2' } });
        const timeline = correlate(await pair.evidence());
        t.notThrows(() => {
          assertMet(timeline, leftIn('client', 'FIN-WAIT-2'), leftIn('server', 'CLOSE-WAIT'));
        });
      }
    } finally {
      await lab.stop();
    }
  },
);

test.serial('a half-close is as its text tells it', async (t) => {
  const lab = privateLab(t);
  const scenario = findScenario('half-close-by-client');
  if (lab === undefined || scenario === undefined) return;
  const { timeline } = await runScenario(lab, scenario);
  t.notThrows(() => {
    assertMet(timeline, segments(HALF_CLOSE));
  });
});

for (const mutant of findScenario('half-close-by-client')?.mutants ?? []) {
  test.serial(`the same text, but ${mutant.what}: violated`, async (t) => {
    const lab = privateLab(t);
    const scenario = findScenario('half-close-by-client');
    if (lab === undefined || scenario === undefined) return;
    const { timeline } = await runScenario(lab, scenario, { mutant, timeoutMs: 1500 });
    const verdict = judge(timeline, timeline.connections[0], segments(HALF_CLOSE));
    t.is(verdict.status, 'violated', verdict.reason);
  });
}

test.serial('a socket that nobody reads never sees the end, and is left in CLOSE-WAIT', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await establishedPair(lab, 'never-reads');
  await pair.client.end('unread\n');
  await pair.until({ states: { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' } });
  const timeline = correlate(await pair.evidence());
  t.notThrows(() => {
    assertMet(
      timeline,
      leftIn('server', 'CLOSE-WAIT'),
      neverEmitted('server', 'end'),
      emitted('server', 'connection'),
    );
  });
});

test.serial(
  'data for a socket that its program destroyed is answered by a RST, and nothing after it',
  async (t) => {
    const lab = privateLab(t);
    if (lab === undefined) return;
    await using pair = await establishedPair(lab, 'half-open');
    await pair.client.destroy();
    await pair.until({ states: { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' } });
    await pair.server.write('late');
    await pair.until({ segments: [{ from: 'client', flags: 'RST' }] });
    const timeline = correlate(await pair.evidence());
    t.notThrows(() => {
      assertMet(
        timeline,
        dataAfterFin({ by: 'server', bytes: 4 }),
        reset({ by: 'client', receiverIn: 'CLOSE-WAIT', because: 'data after close' }),
        inOrder('client > server FIN', 'server > client PSH,ACK len 4', 'client > server RST'),
        nothingAfter('client > server RST'),
      );
    });
  },
);

for (const [name, because] of [
  ['destroy-unread', 'unread data'],
  ['reset-and-destroy', 'resetAndDestroy'],
] as const) {
  test.serial(`${name}: the RST is because of ${because}, and of nothing else`, async (t) => {
    const lab = privateLab(t);
    const scenario = findScenario(name);
    if (lab === undefined || scenario === undefined) return;
    const { timeline, connection } = await runScenario(lab, scenario);
    const by = connection?.summary.resetBy;
    if (by === undefined) {
      t.fail('no reset');
      return;
    }
    t.notThrows(() => {
      assertMet(timeline, reset({ by, receiverIn: 'ESTABLISHED', because }));
    });
    const others = (['unread data', 'resetAndDestroy', 'data after close'] as const).filter(
      (other) => other !== because,
    );
    for (const other of others) {
      t.is(judge(timeline, connection, reset({ by, because: other })).status, 'violated', other);
    }
  });
}

test.serial('a lost FIN comes again, and not at once', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await establishedPair(lab, 'half-open');
  await using gate = await pair.hold({ from: 'client', flags: 'FIN' });
  await pair.client.end();
  await pair.until({ segments: [{ from: 'client', flags: 'FIN', times: 2 }] });
  await gate.release();
  await pair.until({ acknowledged: ['client'], states: { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' } });
  const timeline = correlate(await pair.evidence());
  const text =
    '...\nclient > server FIN lost\nrepeat 1..9 client > server FIN again\nserver > client ACK ack 2\nend';
  t.notThrows(() => {
    assertMet(
      timeline,
      retransmitted('client > server FIN', { atLeast: 1 }),
      elapsed({ from: 'client > server FIN lost', to: 'client > server FIN again', atLeastMs: 1 }),
      segments(text),
    );
  });
  t.is(judge(timeline, timeline.connections[0], simultaneousClose()).status, 'violated');
});
