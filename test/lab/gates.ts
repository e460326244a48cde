import test from 'ava';
import { correlate } from '../../harness/correlate/correlate.ts';
import { findProgram } from '../../harness/install-hint.ts';
import type { Lab } from '../../harness/lab/lab.ts';
import type { Pair } from '../../harness/lab/pair.ts';
import type { Connection } from '../../harness/model/connection.ts';
import { Flag, hasFlags } from '../../harness/model/segment.ts';
import { labFor, shareLab } from '../support/shared-lab.ts';

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

async function connectionOf(pair: Pair): Promise<Connection | undefined> {
  return correlate(await pair.evidence()).connections[0];
}

test('a held FIN is on the wire and was never received; released, it passes at its retransmission', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await establishedPair(lab);
  const gate = await pair.hold({ from: 'client', flags: 'FIN' });
  await pair.client.end();
  await pair.until({
    segments: [{ from: 'client', flags: 'FIN' }],
    states: { client: 'FIN-WAIT-1', server: 'ESTABLISHED' },
  });
  const held = await connectionOf(pair);
  const fins = held?.segments.filter(({ segment }) => hasFlags(segment, Flag.FIN)) ?? [];
  t.true(fins.length >= 1);
  t.true(fins.every(({ delivered }) => !delivered));
  t.deepEqual(fins[0]?.statesAfter, { client: 'FIN-WAIT-1', server: 'ESTABLISHED' });

  await gate.release();
  await pair.until({ acknowledged: ['client'], states: { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' } });
  const released = await connectionOf(pair);
  const last = released?.segments.findLast(({ segment }) => hasFlags(segment, Flag.FIN));
  t.like(last, { delivered: true, retransmission: true, from: 'client' });
  t.deepEqual(last?.statesAfter, { client: 'FIN-WAIT-1', server: 'CLOSE-WAIT' });
});

test('both FINs held leave both ends in FIN-WAIT-1; released, the close is simultaneous', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await establishedPair(lab);
  const gates = [
    await pair.hold({ from: 'client', flags: 'FIN' }),
    await pair.hold({ from: 'server', flags: 'FIN' }),
  ];
  await pair.client.end();
  await pair.until({ segments: [{ from: 'client', flags: 'FIN' }] });
  await pair.server.end();
  await pair.until({
    segments: [
      { from: 'client', flags: 'FIN' },
      { from: 'server', flags: 'FIN' },
    ],
    states: { client: 'FIN-WAIT-1', server: 'FIN-WAIT-1' },
  });
  for (const gate of gates) await gate.release();
  await pair.until({ acknowledged: ['client', 'server'], states: { client: 'TIME-WAIT' } });
  const connection = await connectionOf(pair);
  t.like(connection?.summary, { ending: 'closed', firstCloser: 'client' });
  t.true((connection?.summary.retransmissions ?? 0) >= 2);
});

test('a held SYN leaves the client in SYN-SENT', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: 'half-open', client: 'half-close' });
  await using gate = await pair.hold({ from: 'client', flags: 'SYN' });
  await pair.client.connect();
  await pair.until({ segments: [{ from: 'client', flags: 'SYN' }], states: { client: 'SYN-SENT' } });
  t.like(await connectionOf(pair), { segments: { 0: { delivered: false } } });
  await gate.release();
  await gate.release();
});

test('a gate of the lab’s own holds by address and port', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await establishedPair(lab);
  await using _gate = await lab.hold({ source: pair.endpoint });
  await pair.server.write('never received');
  await pair.until({ segments: [{ from: 'server', minPayloadBytes: 1 }] });
  const connection = await connectionOf(pair);
  t.like(connection?.segments.at(-1), { from: 'server', delivered: false });
});

test('a pair that stops releases the gates that it held', async (t) => {
  const opened = await labFor(t, { network: 'private' });
  if (opened === undefined) return;
  await using lab = opened;
  const pair = await establishedPair(lab);
  await pair.hold({ from: 'client', flags: 'FIN' });
  await pair.hold({ from: 'server', flags: 'FIN' });
  t.is((await tables(lab)).length, 2);
  await pair.stop();
  t.deepEqual(await tables(lab), []);
});

/** What nft itself lists. */
async function tables(lab: Lab): Promise<readonly string[]> {
  const program = await lab.spawn(findProgram('nft') ?? 'nft', ['list', 'ruleset']);
  await program.ended;
  return program.output.stdout.split('\n').filter((line) => line.includes('table inet finwait_gate'));
}

const MISUSE: readonly (readonly [what: string, filter: object, message: RegExp])[] = [
  ['an unknown flag', { flags: 'FNI' }, /"FNI"/],
  ['a flag that nft cannot match', { flags: 'AE' }, /AE/],
  ['an unknown option', { sorce: { port: 1 } }, /"sorce"/],
  ['an unknown part of a source', { source: { prt: 1 } }, /"prt"/],
  ['an unknown part of a destination', { destination: { adress: '::1' } }, /"adress"/],
  ['a port out of range', { source: { port: 70_000 } }, /70000/],
  ['an address that is none', { source: { address: '127.0.0.1 drop; add' } }, /Not an IP address/],
];

for (const [what, filter, message] of MISUSE) {
  test(`${what} of a gate is a TypeError that names it`, async (t) => {
    const lab = privateLab(t);
    if (lab === undefined) return;
    await t.throwsAsync(lab.hold(filter), { instanceOf: TypeError, message });
  });
}

test('on the host’s loopback a gate is refused: ERR_FINWAIT_NEEDS_PRIVATE_NETWORK', async (t) => {
  const opened = await labFor(t, { network: 'host' });
  if (opened === undefined) return;
  await using lab = opened;
  await t.throwsAsync(lab.hold({ flags: 'FIN' }), { code: 'ERR_FINWAIT_NEEDS_PRIVATE_NETWORK' });
});
