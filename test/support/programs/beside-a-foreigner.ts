/**
 * Run in a network of its own: makes a second one behind it, with a server that nobody watches, and runs the command
 * of its arguments. Prints `no second network` and ends with 3 where that is refused.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

const OURS = '10.9.0.1/24';
const THEIRS = '10.9.0.2/24';
const SERVER = `require('node:net').createServer((socket) => socket.end('not ours')).listen(18080, () => console.log('up'))`;

const other = spawn('unshare', ['--net', process.execPath, '-e', SERVER], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  await Promise.race([once(other.stdout, 'data'), once(other, 'exit')]);
  const pid = String(other.pid);
  const ip = (...args: string[]): void => void execFileSync('ip', args);
  const there = (...args: string[]): void =>
    void execFileSync('nsenter', ['--target', pid, '--net', 'ip', ...args]);
  try {
    ip('link', 'set', 'lo', 'up');
    ip('link', 'add', 'ours', 'type', 'veth', 'peer', 'name', 'theirs', 'netns', pid);
    ip('addr', 'add', OURS, 'dev', 'ours');
    ip('link', 'set', 'ours', 'up');
    there('addr', 'add', THEIRS, 'dev', 'theirs');
    there('link', 'set', 'theirs', 'up');
    // The kernel tells only some time later that it runs.
    execFileSync('sh', [
      '-c',
      'n=0; until ip link show ours | grep -q "state UP" || [ $n -ge 2000 ]; do n=$((n + 1)); done',
    ]);
  } catch {
    process.stdout.write('no second network\n');
    process.exitCode = 3;
  }
  if (process.exitCode === undefined) {
    const [command = '', ...args] = process.argv.slice(2);
    const [code] = (await once(spawn(command, args, { stdio: 'inherit' }), 'exit')) as [number];
    process.exitCode = code;
  }
} finally {
  other.kill();
}
