/** Segments that a gate keeps in their sender's queue, for as long as it is not released. */
import test, { type ExecutionContext } from 'ava';
import { correlate } from '../../harness/correlate/correlate.ts';
import { isFinwaitError } from '../../harness/errors.ts';
import { findProgram } from '../../harness/install-hint.ts';
import type { Lab } from '../../harness/lab/lab.ts';
import type { Pair } from '../../harness/lab/pair.ts';
import { Flag, hasFlags } from '../../harness/model/segment.ts';
import { shareLab } from '../support/shared-lab.ts';

const privateLab = shareLab(test);
const twoHosts = shareLab(test, { network: 'private', hosts: 2 });

const KEEP_FIN = { from: 'client', flags: 'FIN', action: 'keep' } as const;

async function establishedPair(lab: Lab, client: Parameters<Lab['pair']>[0]['client']): Promise<Pair> {
  const pair = await lab.pair({ server: 'half-open', client });
  await pair.client.connect();
  await pair.until({
    acknowledged: ['client', 'server'],
    states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
  });
  return pair;
}

async function isFinOnWire(t: ExecutionContext, pair: Pair): Promise<boolean> {
  await pair.until({ states: { client: 'FIN-WAIT-1', server: 'ESTABLISHED' } });
  const { segments, damage } = await pair.evidence();
  t.deepEqual(damage, []);
  return segments.some((segment) => hasFlags(segment, Flag.FIN));
}

for (const [hosts, shared] of Object.entries({ one: privateLab, two: twoHosts })) {
  test.serial(
    `a gate keeps what came early and what comes late, however old it is: hosts: ${hosts}`,
    async (t) => {
      const lab = shared(t);
      if (lab === undefined) return;
      await using early = await establishedPair(lab, 'half-close');
      await using late = await establishedPair(lab, 'half-close');
      const probing = { keepAlive: true, keepAliveInitialDelayMs: 1000 };
      await using clock = await establishedPair(lab, { behaviour: 'half-close', options: probing });
      const gates = [await early.fault(KEEP_FIN), await late.fault(KEEP_FIN)];
      await early.client.end();
      // One probe a second. A bucket that is only emptied once has filled for a FIN after 11 s.
      const probes = { from: 'client', flags: 'ACK', times: 1 + 14 } as const;
      await clock.until({ segments: [probes] }, { timeoutMs: 30_000 });
      await late.client.end();
      t.false(await isFinOnWire(t, early));
      t.false(await isFinOnWire(t, late));
      const { segments } = await clock.evidence();
      const [first, last] = [segments.at(0), segments.at(-1)];
      t.true((last?.capturedAtNs ?? 0n) - (first?.capturedAtNs ?? 0n) > 12_000_000_000n);
      for (const gate of gates) await gate.release();
      for (const pair of [early, late]) {
        await pair.until({
          acknowledged: ['client'],
          states: { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' },
        });
        const [connection] = correlate(await pair.evidence()).connections;
        t.true(connection?.segments.every(({ delivered }) => delivered));
      }
    },
  );
}

for (const [hosts, shared, device, payloadBytes] of [
  // One segment that fills loopback’s MTU, nearly; and ten full ones that leave in one go.
  ['one', privateLab, 'lo', 60_000],
  ['two', twoHosts, 'server0', 14_480],
] as const) {
  test.serial(`a gate keeps the largest segments, and loses none: hosts: ${hosts}`, async (t) => {
    const lab = shared(t);
    if (lab === undefined) return;
    // No probe of the tail's loss either: what waits is sent once.
    const noProbe = { 'net.ipv4.tcp_early_retrans': 0 };
    await using _compression = await lab.compress({ retransmitAfterMs: 3000 }, noProbe);
    await using pair = await establishedPair(lab, 'half-close');
    await using gate = await pair.fault({ from: 'server', action: 'keep' });
    await pair.server.write('x'.repeat(payloadBytes));
    const kept = await pair.evidence();
    t.deepEqual(kept.damage, []);
    t.false(kept.segments.some((segment) => segment.payloadBytes > 0));
    const queue = await keepingQueue(lab, device);
    t.is(queue?.drops, 0);
    t.true((queue?.backlog ?? 0) > payloadBytes);
    await gate.release();
    await pair.until({
      segments: [{ from: 'server', minPayloadBytes: 1 }],
      acknowledged: ['server'],
    });
    const { damage, segments } = await pair.evidence();
    t.deepEqual(damage, []);
    const sentBytes = segments.reduce((sum, segment) => sum + segment.payloadBytes, 0);
    t.is(sentBytes, payloadBytes, 'once each');
  });
}

test.serial('what a gate’s queue does not take is damage', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await establishedPair(lab, 'half-close');
  await using _gate = await pair.fault(KEEP_FIN);
  // Less than any frame has.
  await changeBucket(lab, ['rate', '48bit', 'burst', '50']);
  await pair.client.end();
  await pair.until({ states: { client: 'FIN-WAIT-1' } });
  const [damage] = (await pair.evidence()).damage;
  t.is(damage?.kind, 'gate-leaked');
  t.regex(damage?.detail ?? '', /lost/);
});

test.serial('what left a gate by itself is damage', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await establishedPair(lab, 'half-close');
  await using _gate = await pair.fault(KEEP_FIN);
  t.deepEqual((await pair.evidence()).damage, []);
  // What hours do, at once.
  await changeBucket(lab, ['rate', '10gbit', 'burst', '100kb']);
  await pair.client.end();
  await pair.until({ segments: [{ from: 'client', flags: 'FIN' }] });
  t.like((await pair.evidence()).damage, [{ lane: 'wire', kind: 'gate-leaked' }]);
});

test.serial('a gate that is released leaves no queue behind', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  const gate = await lab.fault({ flags: 'FIN', action: 'keep' });
  const whileShut = await tc(lab, 'class', 'show', 'dev', 'lo');
  await gate.release();
  const after = await tc(lab, 'class', 'show', 'dev', 'lo');
  t.regex(whileShut, /htb 1:2 /);
  t.notRegex(after, /htb 1:2 /);
});

test.serial('a delay, granted or not, loses nothing that is kept', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  // What was to be sent again while it was kept is sent again when it has left.
  await using _compression = await lab.compress({ retransmitAfterMs: 3000 });
  await using pair = await establishedPair(lab, 'half-close');
  await using gate = await pair.fault(KEEP_FIN);
  await pair.client.end();
  try {
    const delay = await lab.delay(5);
    await t.throwsAsync(lab.delay(7), { instanceOf: TypeError, message: /5 ms/ });
    await delay.release();
  } catch (error) {
    if (!isFinwaitError(error)) throw error;
    t.log(`no delay here: ${error.message}`);
  }
  t.false(await isFinOnWire(t, pair));
  await gate.release();
  await pair.until({ acknowledged: ['client'], states: { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' } });
  const { segments } = await pair.evidence();
  t.is(segments.filter((segment) => hasFlags(segment, Flag.FIN)).length, 1);
});

test.serial('a gate that one of two hosts refuses is set on neither', async (t) => {
  const lab = twoHosts(t);
  if (lab === undefined) return;
  await using pair = await establishedPair(lab, 'half-close');
  const probe = await pair.hold({ from: 'client', flags: 'FIN' });
  const ruleset = await run(lab, 'nft', 'list', 'ruleset');
  const [, id, chain] = /finwait_gate(\d+) \{\s*chain (\w+)/.exec(ruleset) ?? [];
  await probe.release();
  // On the server's host, in the way of the next gate: a chain of that name without a hook.
  const table = `inet finwait_gate${Number(id) + 1}`;
  await run(lab, 'nft', `add table ${table}; add chain ${table} ${chain ?? ''}`);
  await t.throwsAsync(pair.hold({ from: 'server' }), { message: /nft refused/ });
  await pair.server.write('to the client');
  await pair.until({ events: [{ side: 'client', name: 'data' }] });
  await run(lab, 'nft', `delete table ${table}`);
});

interface Queue {
  readonly kind: string;
  readonly drops: number;
  readonly backlog: number;
}

async function keepingQueue(lab: Lab, device: string): Promise<Queue | undefined> {
  const queues = JSON.parse(await tc(lab, '-s', '-j', 'qdisc', 'show', 'dev', device)) as readonly Queue[];
  return queues.find(({ kind }) => kind === 'tbf');
}

/** Of the only gate that keeps. */
async function changeBucket(lab: Lab, settings: readonly string[]): Promise<void> {
  const [, handle = '', parent = ''] =
    /tbf (\w+:) parent (\S+)/.exec(await tc(lab, 'qdisc', 'show', 'dev', 'lo')) ?? [];
  const place = ['dev', 'lo', 'parent', parent, 'handle', handle];
  await tc(lab, 'qdisc', 'change', ...place, 'tbf', ...settings, 'limit', '10mb');
}

async function tc(lab: Lab, ...args: readonly string[]): Promise<string> {
  return await run(lab, 'tc', ...args);
}

async function run(lab: Lab, tool: string, ...args: readonly string[]): Promise<string> {
  const program = await lab.spawn(findProgram(tool) ?? tool, args);
  const { exitCode } = await program.ended;
  if (exitCode !== 0) throw new Error(program.output.stderr);
  return program.output.stdout;
}
