/** Faults of a pair by what they do to it: everything lost, some of it, and released by name. */
import test from 'ava';
import { correlate } from '../../harness/correlate/correlate.ts';
import type { Lab } from '../../harness/lab/lab.ts';
import type { Pair } from '../../harness/lab/pair.ts';
import { lossOf } from '../../harness/lab/seeded-loss.ts';
import type { TrackedSegment } from '../../harness/model/connection.ts';
import { shareLab } from '../support/shared-lab.ts';

const privateLab = shareLab(test);

async function establishedPair(lab: Lab): Promise<Pair> {
  const pair = await lab.pair({ server: 'half-open', client: 'half-close' });
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

test.serial('in a black hole nothing arrives, either way, until it is released', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await establishedPair(lab);
  const opened = (await segmentsOf(pair)).length;
  const hole = await pair.blackhole();
  await pair.client.write('to the server');
  await pair.server.write('to the client');
  await pair.until({
    segments: [
      { from: 'client', minPayloadBytes: 1 },
      { from: 'server', minPayloadBytes: 1 },
    ],
  });
  t.true((await segmentsOf(pair)).slice(opened).every(({ delivered }) => !delivered));
  await hole.release();
  await pair.until({ acknowledged: ['client', 'server'] });
});

test.serial('lose() loses the segments that its seed names, of each direction', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  const loss = { rate: 0.4, seed: 12 };
  await using pair = await lab.pair({ server: 'half-open', client: 'half-close' });
  await pair.lose(loss);
  await pair.client.connect();
  await pair.until({ events: [{ side: 'client', name: 'connect' }] }, { timeoutMs: 20_000 });
  await pair.client.end('x'.repeat(20_000));
  await pair.until({ acknowledged: ['client'] }, { timeoutMs: 20_000 });
  const segments = await segmentsOf(pair);
  for (const from of ['client', 'server'] as const) {
    const { nth } = lossOf(loss, from);
    const sent = segments.filter((each) => each.from === from);
    t.deepEqual(
      sent.map(({ delivered }) => delivered),
      sent.map((_, index) => !nth.includes(index + 1)),
    );
  }
  t.true(segments.some(({ delivered }) => !delivered));
});

test.serial('faults are released by their name, all of one name at once, and no other', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await establishedPair(lab);
  await pair.hold({ from: 'client', flags: 'FIN', as: 'the FINs' });
  await pair.hold({ from: 'server', flags: 'FIN', as: 'the FINs' });
  await pair.hold({ from: 'client', flags: 'PSH', as: 'data' });
  await pair.client.end();
  await pair.server.end();
  await pair.until({ states: { client: 'FIN-WAIT-1', server: 'FIN-WAIT-1' } });
  await t.throwsAsync(pair.release('the FIN'), {
    instanceOf: TypeError,
    message: 'There is no fault "the FIN" to release; there are: the FINs, data',
  });
  await pair.release('the FINs');
  await pair.until({ acknowledged: ['client', 'server'], states: { client: 'TIME-WAIT' } });
  await pair.release();
  await t.throwsAsync(pair.release('data'), { message: /"data" to release; there is none/ });
});

test.serial('a loss that makes no sense is a TypeError', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: 'half-open', client: 'half-close' });
  await t.throwsAsync(pair.lose({ rate: 2, seed: 1 }), { instanceOf: TypeError, message: /rate/ });
  await t.throwsAsync(pair.lose({ rate: 0.1, seed: 0.5 }), { instanceOf: TypeError, message: /seed/ });
  await t.throwsAsync(pair.lose({ rate: 0.1, seed: 1, sead: 2 } as never), { message: /"sead"/ });
  await t.throwsAsync(pair.lose({ rate: 0.1, seed: 1, from: 'nobody' as never }), { message: /"nobody"/ });
});
