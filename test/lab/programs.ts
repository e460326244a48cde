/** Programs of the user's own in the lab, and a driven client against one of them. */
import test from 'ava';
import { correlate } from '../../harness/correlate/correlate.ts';
import { handshake, nothingLeftOpen, orderlyClose } from '../../harness/expect/expectation.ts';
import { judge } from '../../harness/expect/judge.ts';
import type { Lab } from '../../harness/lab/lab.ts';
import type { Program } from '../../harness/lab/program.ts';
import type { Endpoint } from '../../harness/model/endpoint.ts';
import { builtFile } from '../support/child-program.ts';
import { labFor, shareLab } from '../support/shared-lab.ts';

const labs = {
  private: shareLab(test, { network: 'private' }),
  host: shareLab(test, { network: 'host' }),
};

/** A server program as anyone might have it: it knows nothing of finwait's peers. */
async function startServer(lab: Lab): Promise<{ readonly program: Program; readonly endpoint: Endpoint }> {
  const port = await lab.freePort();
  const program = await lab.spawn(process.execPath, [
    builtFile('servers/auto-end.js'),
    '--port',
    String(port),
  ]);
  await program.line(/^listening on/, { timeoutMs: 20_000 });
  return { program, endpoint: { address: '127.0.0.1', port } };
}

for (const network of ['private', 'host'] as const) {
  test(`a driven client against a program of one’s own is recorded and judged, network "${network}"`, async (t) => {
    const lab = labs[network](t);
    if (lab === undefined) return;
    const { program, endpoint } = await startServer(lab);
    await using stopping = program;
    await using pair = await lab.pair({ server: endpoint, client: 'half-close' });
    t.deepEqual(pair.endpoint, endpoint);
    await pair.client.connect();
    await pair.until({
      events: [{ side: 'client', name: 'connect' }],
      states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
    });
    await pair.client.end('bye');
    await pair.until({ states: { client: 'TIME-WAIT', server: 'CLOSED' } });
    const timeline = correlate(await pair.evidence());
    for (const expectation of [handshake(), orderlyClose({ by: 'client' }), nothingLeftOpen()]) {
      t.like(judge(timeline, timeline.connections[0], expectation), { status: 'met' });
    }
    t.regex(stopping.output.stdout, /'end'/);
  });
}

test('other connections of the same server, before, after and at once, are not the pair’s', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  const { program, endpoint } = await startServer(lab);
  await using stopping = program;
  for (let run = 1; run <= 5; run++) {
    // The one before is reset when it stops, and its last segments may come late.
    const before = await lab.pair({ server: endpoint, client: 'half-close' });
    await before.client.connect();
    await before.client.resetAndDestroy();
    await before.stop();
    await using pair = await lab.pair({ server: endpoint, client: 'half-close' });
    const stray = lab.spawn(process.execPath, ['--eval', strayClient(endpoint)]);
    await pair.client.connect();
    await pair.until({ states: { client: 'ESTABLISHED', server: 'ESTABLISHED' } });
    await (await stray).ended;
    await pair.client.end('bye');
    await pair.until({ states: { client: 'TIME-WAIT', server: 'CLOSED' } });
    const evidence = await pair.evidence();
    const timeline = correlate(evidence);
    t.is(timeline.connections.length, 1);
    t.deepEqual(timeline.connections[0]?.client, evidence.client);
    for (const expectation of [handshake(), orderlyClose({ by: 'client' }), nothingLeftOpen()]) {
      t.like(judge(timeline, timeline.connections[0], expectation), { status: 'met' });
    }
  }
  t.regex(stopping.output.stdout, /'end'/);
});

/** Connects to the server and resets the connection. */
function strayClient({ address, port }: Endpoint): string {
  return `const socket = net.connect(${port}, '${address}', () => socket.resetAndDestroy())`;
}

test('a pair cannot tell a server that is not its own, and shares it with another pair', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  const server = { address: '127.0.0.1', port: 9 };
  await using pair = await lab.pair({ server, client: 'half-close' });
  await t.throwsAsync(pair.server.end(), { code: 'ERR_FINWAIT_PEER_COMMAND' });
  await using next = await lab.pair({ server, client: 'half-close' });
  t.deepEqual(next.endpoint, server);
});

test('a server that is named and not addressed is a TypeError', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  await t.throwsAsync(lab.pair({ server: { address: 'localhost', port: 9 }, client: 'half-close' }), {
    instanceOf: TypeError,
    message: /"localhost"/,
  });
});

test('a program that ends at once has ended, with its output and exit code', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  for (let nth = 1; nth <= 30; nth++) {
    const program = await lab.spawn('sh', ['-c', `echo ${nth}; echo trouble >&2; exit 3`]);
    t.deepEqual(await program.ended, { exitCode: 3, signal: undefined });
    t.deepEqual(program.output, { stdout: `${nth}\n`, stderr: 'trouble\n' });
  }
});

test('a program that does not exist is ERR_FINWAIT_TOOL_MISSING', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  await t.throwsAsync(lab.spawn('no-such-program'), { code: 'ERR_FINWAIT_TOOL_MISSING' });
  await t.throwsAsync(lab.spawn('true', [], { pwd: '/' } as never), {
    instanceOf: TypeError,
    message: /"pwd"/,
  });
});

test('a line is found when it is whole, or the last of a program that has ended', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  const program = await lab.spawn('sh', ['-c', 'echo one; printf two']);
  t.is(await program.line(/n/g), 'one');
  t.is(await program.line(/two/), 'two');
  await t.throwsAsync(program.line(/three/), { code: 'ERR_FINWAIT_PROCESS_ENDED', message: /one\ntwo/ });
  await using silent = await lab.spawn('sleep', ['1000']);
  await t.throwsAsync(silent.line(/./, { timeoutMs: 50 }), {
    code: 'ERR_FINWAIT_TIMEOUT',
    message: /nothing/,
  });
});

test('a program gets signals, its folder and its environment', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  const script = `trap 'exit 5' USR1; pwd; echo $COLOUR; sleep 1000 > /dev/null 2>&1 & wait`;
  await using program = await lab.spawn('sh', ['-c', script], { cwd: '/usr', env: { COLOUR: 'green' } });
  await program.line(/green/);
  t.is(program.output.stdout, '/usr\ngreen\n');
  await program.signal('SIGUSR1');
  t.deepEqual(await program.ended, { exitCode: 5, signal: undefined });
  await program.stop();
});

test('a program has ended although a child of its own still holds its output', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  const program = await lab.spawn('sh', ['-c', 'sleep 1000 & echo up']);
  t.deepEqual(await program.ended, { exitCode: 0, signal: undefined });
  t.is(program.output.stdout, 'up\n');
});

test('a program that ignores SIGTERM is stopped all the same', async (t) => {
  const lab = labs.private(t);
  if (lab === undefined) return;
  const script = `process.on('SIGTERM', () => console.log('no')); console.log('up'); setInterval(() => {}, 1e6)`;
  const program = await lab.spawn(process.execPath, ['--eval', script]);
  await program.line(/up/);
  await Promise.all([program.stop(), program.stop()]);
  t.like(await program.ended, { signal: 'SIGKILL' });
  t.regex(program.output.stdout, /^up\n(no\n)+$/);
});

test('a program has ended when its lab has', async (t) => {
  const lab = await labFor(t, { network: 'private' });
  if (lab === undefined) return;
  const program = await lab.spawn('sleep', ['1000']);
  await lab.stop();
  t.like(await program.ended, { signal: 'SIGKILL' });
  await program.stop();
});
