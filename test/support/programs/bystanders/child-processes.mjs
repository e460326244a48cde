// Children inherit NODE_OPTIONS: a forked one and a spawned one.
import { execFileSync, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
if (process.send) {
  process.send({ argv: process.execArgv });
  process.disconnect();
} else {
  const child = fork(fileURLToPath(import.meta.url));
  child.on('message', (message) => console.log(message));
  const code = await new Promise((resolve) => child.on('exit', resolve));
  console.log('child exit', code);
  const script = 'const net = require("net"); console.log(typeof net.connect, process.argv.length)';
  console.log(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }).trim());
}
