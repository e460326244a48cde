/** Peers whose process stands still, and connections that somebody else begins. */
import test from 'ava';
import { correlate } from '../../harness/correlate/correlate.ts';
import { processesOf } from '../support/lab-parts.ts';
import { allEnded } from '../support/processes.ts';
import { shareLab } from '../support/shared-lab.ts';

const privateLab = shareLab(test);

const OWN_PROCESS = { behaviour: 'half-open', peer: 'victim' } as const;

test.serial('a server that stands still is connected to, and accepts once it runs on', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: OWN_PROCESS, client: 'half-close' });
  await pair.freeze('server');
  await pair.client.connect();
  await pair.until({ states: { client: 'ESTABLISHED', server: 'ESTABLISHED' } });
  const listener = (await pair.sample()).sockets.find(({ state }) => state === 'LISTEN');
  t.is(listener?.receiveQueue, 1);
  await pair.thaw('server');
  await pair.server.end();
  await pair.until({ events: [{ side: 'client', name: 'end' }] });
});

test.serial('evidence is whole while a process stands still, and says since when', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: OWN_PROCESS, client: 'half-close' });
  await pair.client.connect();
  await pair.until({ states: { client: 'ESTABLISHED', server: 'ESTABLISHED' } });
  await pair.freeze('server');
  const { damage, reports } = await pair.evidence();
  t.deepEqual(damage, []);
  t.true(reports.some(({ side, report }) => side === 'server' && report.name === 'SIGSTOP'));
});

test.serial('a pair that is stopped leaves no process standing still', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  const frozen = await lab.pair({ server: OWN_PROCESS, client: 'half-close' });
  await frozen.freeze('server');
  await frozen.stop();
  await using pair = await lab.pair({ server: OWN_PROCESS, client: 'half-close' });
  await pair.client.connect();
  await pair.server.end();
  await pair.until({ events: [{ side: 'client', name: 'end' }] });
  t.pass();
});

test.serial('a process that is killed while it stands still is gone', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: OWN_PROCESS, client: 'half-close' });
  await pair.client.connect();
  await pair.until({ states: { client: 'ESTABLISHED', server: 'ESTABLISHED' } });
  await pair.freeze('server');
  await pair.kill('server');
  await pair.until({ segments: [{ from: 'server', flags: 'FIN' }] });
  t.deepEqual((await pair.evidence()).damage, []);
});

test.serial('a signal that can be waited for ends a process that stands still, too', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: OWN_PROCESS, client: 'half-close' });
  await pair.client.connect();
  await pair.until({ states: { client: 'ESTABLISHED', server: 'ESTABLISHED' } });
  await pair.freeze('server');
  await pair.kill('server', 'SIGTERM');
  await pair.until({ segments: [{ from: 'server', flags: 'FIN' }] });
  t.deepEqual((await pair.evidence()).damage, []);
});

test.serial('a signal that ends nothing is told, and a later end is damage', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: OWN_PROCESS, client: 'half-close' });
  await t.throwsAsync(pair.kill('server', 'SIGSTOP'), { instanceOf: TypeError, message: /freeze/ });
  await t.throwsAsync(pair.kill('server', 'SIGWINCH'), {
    code: 'ERR_FINWAIT_TIMEOUT',
    message: /the end of the victim peer by SIGWINCH/,
  });
  t.deepEqual((await pair.evidence()).damage, []);
  const victim = (await processesOf(lab)).find(({ commandLine }) => /child\.js victim/.test(commandLine));
  if (victim === undefined) throw new Error('the victim is gone');
  process.kill(victim.pid, 'SIGKILL');
  await allEnded([victim]);
  t.like((await pair.evidence()).damage, [{ lane: 'node', kind: 'reports-lost' }]);
});

test.serial('a warm peer of the lab’s own is not killed, whichever side lives in it', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({
    server: 'half-open',
    client: { behaviour: 'half-close', peer: 'server' },
  });
  await t.throwsAsync(pair.kill('client'), {
    code: 'ERR_FINWAIT_PEER_COMMAND',
    message: /shares its process/,
  });
});

test.serial('a process that others live in is not stopped', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: 'half-open', client: 'half-close' });
  await t.throwsAsync(pair.freeze('server'), { code: 'ERR_FINWAIT_PEER_COMMAND', message: /shares/ });
});

test.serial(
  'a pair that follows sees the connection of another, and has no calls of its client',
  async (t) => {
    const lab = privateLab(t);
    if (lab === undefined) return;
    await using server = await lab.listen('half-open');
    await using follower = await lab.pair({ server, client: 'half-close' });
    await using pair = await lab.pair({ server, client: 'half-close' });
    follower.follow();
    await pair.client.connect();
    await follower.until({
      acknowledged: ['client', 'server'],
      states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
    });
    t.deepEqual(follower.clientEndpoint, pair.clientEndpoint);
    const [connection] = correlate(await follower.evidence()).connections;
    t.is(connection?.segments.length, 3);
    t.false(connection?.js.some(({ side }) => side === 'client'));
  },
);

test.serial('a fault meets the server’s address only, not its port at another', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: 'half-open', client: 'half-close' });
  const { port } = pair.endpoint;
  await using other = await lab.pair({ server: { address: '::1', port }, client: 'half-close' });
  await other.hold({ from: 'client', flags: 'SYN' });
  await pair.client.connect();
  await pair.until({ acknowledged: ['client', 'server'], states: { client: 'ESTABLISHED' } });
  const [connection] = correlate(await pair.evidence()).connections;
  t.true(connection?.segments.every(({ delivered }) => delivered));
});

test.serial('a client on its way to another address is not taken for this connection’s', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await using pair = await lab.pair({ server: 'half-open', client: 'happy-eyeballs' });
  await pair.client.connect();
  await pair.until({ events: [{ side: 'client', name: 'connect' }] });
  t.is(pair.clientEndpoint?.address, '127.0.0.1');
});
