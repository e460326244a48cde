/**
 * Records what `ss` prints for every TCP state that Linux has, into test/kernel/recorded/.
 * Run as root in a clone: `node scripts/record-ss.js`. It works in a private network of its own.
 */
import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import { promisify } from 'node:util';

const run = promisify(execFile);
const OUT = new URL('../test/kernel/recorded/', import.meta.url);

if (process.argv[2] !== 'inside') {
  const inside = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc', process.execPath];
  const { status } = spawnSync('unshare', [...inside, import.meta.filename, 'inside'], { stdio: 'inherit' });
  process.exit(status ?? 1);
}

const sh = (command) => execFileSync('sh', ['-c', command], { encoding: 'utf8' });
/** Drops matching segments before TCP receives them; returns how to let them through again. */
const hold = (match) => {
  const handle = /handle (\d+)/.exec(sh(`nft -e -a add rule inet gate input ${match} drop`))?.[1];
  return () => sh(`nft delete rule inet gate input handle ${handle}`);
};
const ss = async (...flags) => (await run('ss', flags)).stdout;
/** Asks `ss` until the port shows the state. */
const seen = async (port, state) => {
  while (!(await ss('-Htan', `( sport = :${port} or dport = :${port} )`)).includes(state));
};

sh('ip link set lo up; ip link add veth-left type veth peer name veth-right');
sh('ip link set veth-left up; ip link set veth-right up');
sh('nft add table inet gate; nft add chain inet gate input "{ type filter hook input priority 0; }"');

async function listen(port, host = '127.0.0.1') {
  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true });
  server.listen(port, host);
  await once(server, 'listening');
  return server;
}

function dial(port, host = '127.0.0.1') {
  const socket = createConnection({ port, host, allowHalfOpen: true });
  return socket.on('error', () => undefined);
}

async function pair(port, bindTo, host) {
  const server = await listen(port, bindTo);
  const client = dial(port, host);
  const [[passive]] = await Promise.all([once(server, 'connection'), once(client, 'connect')]);
  return { client, passive: passive.on('error', () => undefined) };
}

await pair(7002, '::1', '::1');
await pair(7003, '::', '127.0.0.1');

hold('tcp dport 7004 tcp flags syn');
dial(7004);
await seen(7004, 'SYN-SENT');

await listen(7005);
hold('tcp sport 7005');
dial(7005);
await seen(7005, 'SYN-RECV');

const unread = await pair(7006);
unread.client.write('unread');
unread.client.setKeepAlive(true, 1000);
await seen(7006, ' 6 ');

const finWait1 = await pair(7007);
hold('tcp dport 7007 tcp flags fin');
hold('tcp sport 7007 tcp flags fin');
finWait1.client.end();
finWait1.passive.end();
await seen(7007, 'FIN-WAIT-1');

const halfClosed = await pair(7008);
halfClosed.client.end();
await seen(7008, 'CLOSE-WAIT');

const closing = await pair(7009);
const release = [hold('tcp dport 7009 tcp flags fin'), hold('tcp sport 7009 tcp flags fin')];
closing.client.end();
closing.passive.end();
await seen(7009, 'FIN-WAIT-1');
hold('tcp sport 7009');
for (const letThrough of release) letThrough();
await seen(7009, 'CLOSING');

const lastAck = await pair(7010);
lastAck.client.end();
await seen(7010, 'FIN-WAIT-2');
hold('tcp sport 7010 tcp flags fin');
lastAck.passive.resume().end();
await seen(7010, 'LAST-ACK');

const timeWait = await pair(7011);
timeWait.client.resume().end();
timeWait.passive.resume().end();
await seen(7011, 'TIME-WAIT');

const orphan = await pair(7012);
orphan.client.destroy();
await seen(7012, 'FIN-WAIT-2');

const linkLocal = /inet6 (fe80::[0-9a-f:]+)/.exec(sh('ip -6 addr show dev veth-left'))?.[1];
while (sh('ip -6 addr show dev veth-left').includes('tentative'));
await pair(7013, `${linkLocal}%veth-left`, `${linkLocal}%veth-left`);

const version = /iproute2-([\d.]+)/.exec(await ss('-V'))?.[1];
for (const [name, ...flags] of [
  ['extended', '-H', '-t', '-a', '-n', '-o', '-e'],
  ['processes', '-H', '-t', '-a', '-n', '-o', '-e', '-p'],
  ['everything', '-H', '-t', '-a', '-n', '-o', '-e', '-p', '-i', '-m'],
  ['everything-one-line', '-H', '-t', '-a', '-n', '-o', '-e', '-p', '-i', '-m', '-O'],
]) {
  writeFileSync(new URL(`iproute2-${version}-${name}.txt`, OUT), await ss(...flags));
}
process.exit(0);
