import { readdirSync } from 'node:fs';
import test from 'ava';
import { correlate } from '../../harness/correlate/correlate.ts';
import type { Lab } from '../../harness/lab/lab.ts';
import { descendants } from '../support/processes.ts';
import { labFor, shareLab } from '../support/shared-lab.ts';

const labs = {
  private: shareLab(test, { network: 'private' }),
  host: shareLab(test, { network: 'host' }),
};

/** Runs a whole connection in which the client sends `octets` bytes, and returns what was recorded of it. */
async function runPair(lab: Lab, octets: number): Promise<ReturnType<typeof correlate>> {
  await using pair = await lab.pair({ server: 'auto-end', client: 'half-close' });
  await pair.client.connect();
  await pair.client.write('x'.repeat(octets));
  await pair.until({ events: [{ side: 'server', name: 'data' }] });
  await pair.client.end();
  await pair.until({
    segments: [{ from: 'server', flags: 'FIN' }],
    acknowledged: ['client', 'server'],
    events: [
      { side: 'client', name: 'close' },
      { side: 'server', name: 'close' },
    ],
  });
  return correlate(await pair.evidence());
}

for (const network of ['private', 'host'] as const) {
  test(`pairs that run at once in one lab do not mix, network "${network}"`, async (t) => {
    const lab = labs[network](t);
    if (lab === undefined) return;
    const sizes = [101, 202, 303, 404, 505, 606];
    const timelines = await Promise.all(sizes.map((octets) => runPair(lab, octets)));
    for (const [index, { connections, evidence }] of timelines.entries()) {
      t.is(connections.length, 1);
      t.deepEqual(evidence.damage, []);
      t.is(connections[0]?.summary.payloadBytes.client, sizes[index]);
      const closed = connections[0]?.js.filter(({ report }) => report.name === 'close') ?? [];
      t.deepEqual(closed.map(({ side }) => side).sort(), ['client', 'server']);
    }
    // Clients of different servers may have the same port.
    const ends = timelines.map(({ connections: [one] }) =>
      JSON.stringify([one?.client.port, one?.server.port]),
    );
    t.is(new Set(ends).size, sizes.length);
  });
}

test('a fence makes the capture complete up to now', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: 'half-open', client: 'half-close' });
  await pair.client.connect();
  await pair.until({ events: [{ side: 'client', name: 'connect' }] });
  for (let times = 1; times <= 20; times++) {
    // Behind octets not yet acknowledged Nagle's algorithm would hold the next ones back (RFC 9293 §3.7.4).
    await pair.until({ acknowledged: ['client'] });
    await pair.client.write('x');
    await lab.fence();
    // No time to wait in: it must be there already.
    await t.notThrowsAsync(
      pair.until({ segments: [{ from: 'client', minPayloadBytes: 1, times }] }, { timeoutMs: 0 }),
    );
  }
});

test('200 pairs, one after another, leave no socket in the network and no descriptor in the peers', async (t) => {
  const opened = await labFor(t, { network: 'private' });
  if (opened === undefined) return;
  await using lab = opened;
  await connectAndStop(lab);
  const before = await peerDescriptors(lab);
  for (let run = 1; run <= 200; run++) await connectAndStop(lab);
  t.deepEqual(await peerDescriptors(lab), before);
  const { sockets } = await lab.sample();
  t.deepEqual(
    sockets.filter(({ state }) => state !== 'TIME-WAIT'),
    [],
  );
  t.deepEqual((await runPair(lab, 10)).evidence.damage, []);
});

/** Stops while both ends are open, in whatever state the server's program is. */
async function connectAndStop(lab: Lab): Promise<void> {
  await using pair = await lab.pair({ server: 'never-ends', client: 'never-ends' });
  await pair.client.connect();
  await pair.until({ events: [{ side: 'client', name: 'connect' }] });
}

/** How many files each of this lab's peers has open. */
async function peerDescriptors(lab: Lab): Promise<readonly number[]> {
  const program = await lab.spawn('readlink', ['/proc/self/ns/net']);
  await program.ended;
  const network = program.output.stdout.trim();
  const peers = descendants(process.pid)
    .filter((candidate) => candidate.network === network && candidate.commandLine.includes('peer/child.js'))
    .map(({ pid }) => readdirSync(`/proc/${pid}/fd`).length);
  if (peers.length !== 2) throw new Error(`${peers.length} peers in ${network}`);
  return peers;
}

test('a pair that is not driven does what its behaviours do alone', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: 'half-open', client: 'half-close', driven: false });
  await pair.client.connect();
  await pair.until({ states: { client: 'TIME-WAIT', server: 'CLOSED' } });
  const { connections } = correlate(await pair.evidence());
  t.deepEqual(connections[0]?.summary.payloadBytes, { client: 8, server: 11 });
});

test('a pair stops before it has connected, and twice', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  const pair = await lab.pair({ server: 'half-open', client: 'half-close' });
  await Promise.all([pair.stop(), pair.stop()]);
  const { sockets } = await lab.sample({ ports: [pair.endpoint.port] });
  t.deepEqual(sockets, []);
});

test('a pair that has been stopped connects and holds nothing any more', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  const pair = await lab.pair({ server: 'half-open', client: 'half-close' });
  await pair.stop();
  const stopped = { code: 'ERR_FINWAIT_PEER_COMMAND', message: /has been stopped/ };
  await t.throwsAsync(pair.client.connect(), stopped);
  await t.throwsAsync(pair.hold({ from: 'client' }), stopped);
});

test('a pair whose client could not be loaded says so once, and stops', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  const pair = await lab.pair({ server: 'half-open', client: new URL('no-such-module.js', import.meta.url) });
  await t.throwsAsync(pair.client.connect(), { code: 'ERR_MODULE_NOT_FOUND' });
  await pair.stop();
  const { sockets } = await lab.sample({ ports: [pair.endpoint.port] });
  t.deepEqual(sockets, []);
});

test('a client that has not connected cannot be told anything', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: 'half-open', client: 'half-close' });
  await t.throwsAsync(pair.client.write('x'), {
    code: 'ERR_FINWAIT_PEER_COMMAND',
    message: /not connected yet/,
  });
  await t.throwsAsync(pair.server.tell({ verb: 'end' }, { timeoutMs: 50 }), {
    code: 'ERR_FINWAIT_TIMEOUT',
    message: /accepted socket \(to end\)/,
  });
});

const MISUSE = [
  ['a server behaviour', { server: 'no-such', client: 'half-close' }, /"no-such"/],
  ['a client behaviour', { server: 'echo', client: '../servers/echo' }, /"\.\.\/servers\/echo"/],
  ['an option', { server: 'echo', client: 'half-close', drivn: true }, /"drivn"/],
] as const;

for (const [what, options, message] of MISUSE) {
  test(`${what} of a pair that does not exist is a TypeError that names it`, async (t) => {
    const lab = labs.private(t);
    if (lab === undefined) return;
    await t.throwsAsync(lab.pair(options), { instanceOf: TypeError, message });
  });
}

test('until says what it awaited and what it saw last, and refuses what it does not know', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: 'half-open', client: 'half-close' });
  await pair.client.connect();
  await pair.until({ segments: [{ from: 'server', flags: 'SYN,ACK' }], acknowledged: ['client', 'server'] });
  await t.throwsAsync(pair.until({ segments: [{ from: 'server', flags: 'FIN' }] }, { timeoutMs: 50 }), {
    code: 'ERR_FINWAIT_TIMEOUT',
    message: /^server FIN did not come within 50 ms; last seen: .*frame/,
  });
  await t.throwsAsync(pair.until({ states: { client: 'CLOSE-WAIT' } }, { timeoutMs: 50 }), {
    // What ss says is known once it has answered; a busy machine may take longer than that.
    message: /^client CLOSE-WAIT( \(ss: ESTABLISHED\))? did not come/,
  });
  await t.throwsAsync(pair.until({ state: { client: 'CLOSED' } } as never), {
    instanceOf: TypeError,
    message: /"state"/,
  });
});

test('until gives up at once when the connection is over', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: 'nobody', client: 'refused' });
  await pair.client.connect();
  await pair.until({ events: [{ side: 'client', name: 'close' }] });
  await t.throwsAsync(pair.until({ segments: [{ from: 'server', flags: 'FIN' }] }, { timeoutMs: 60_000 }), {
    code: 'ERR_FINWAIT_TIMEOUT',
    message: /^server FIN cannot come any more/,
  });
  await t.throwsAsync(pair.until({ events: [{ side: 'client', name: 'connect' }] }, { timeoutMs: 60_000 }), {
    message: /^client 'connect' cannot come any more/,
  });
});

const MISSPELT: readonly (readonly [condition: object, message: RegExp])[] = [
  [{ segments: [{ form: 'server' }] }, /"form"/],
  [{ segments: [{ from: 'sever' }] }, /"sever"/],
  [{ segments: [{ flags: 'FIN' }] }, /Unknown side "undefined"/],
  [{ segments: [{ from: 'server', flags: 'FNI' }] }, /"FNI"/],
  [{ segments: [{ from: 'server', times: '2' }] }, /times/],
  [{ segments: [{ from: 'server', times: 0 }] }, /times.*from 1/],
  [{ acknowledged: ['sever'] }, /"sever"/],
  [{ events: [{ side: 'client', nmae: 'end' }] }, /"nmae"/],
  [{ events: [{ sid: 'client', name: 'end' }] }, /"sid"/],
  [{ states: { sever: 'CLOSED' } }, /"sever"/],
  [{ states: { client: 'ESTAB' } }, /"ESTAB"/],
];

test('until names what is misspelt anywhere in a condition', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: 'half-open', client: 'half-close' });
  for (const [condition, message] of MISSPELT) {
    await t.throwsAsync(pair.until(condition, { timeoutMs: 0 }), { instanceOf: TypeError, message });
  }
  const options = { timeout: 5 } as never;
  await t.throwsAsync(pair.until({}, options), { instanceOf: TypeError, message: /"timeout"/ });
  await t.throwsAsync(pair.evidence(options), { instanceOf: TypeError, message: /"timeout"/ });
  await t.throwsAsync(pair.hold({ from: 'sever' as never }), { instanceOf: TypeError, message: /"sever"/ });
});

test('until rejects with the signal’s reason, and nothing of it stays behind', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: 'half-open', client: 'half-close' });
  await pair.client.connect();
  const never = { states: { client: 'CLOSE-WAIT' } } as const;
  // ava fails the file on an unhandled rejection.
  await t.throwsAsync(pair.until(never, { signal: AbortSignal.abort(new Error('given up before')) }), {
    message: 'given up before',
  });
  const controller = new AbortController();
  const waiting = pair.until(never, { signal: controller.signal });
  controller.abort(new Error('given up'));
  await t.throwsAsync(waiting, { message: 'given up' });
});
