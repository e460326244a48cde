/** tcpdump, whose packets are handed out a few at a time: node slow-tcpdump.js TCPDUMP ARGUMENTS */
import { spawn } from 'node:child_process';
import { pace } from '../../../harness/timing.ts';

const OCTETS = 400;
const EVERY_MS = 100;

const [tcpdump = '', ...args] = process.argv.slice(2);
const real = spawn(tcpdump, args, { stdio: ['ignore', 'pipe', 'inherit'] });
let waiting = Buffer.alloc(0);
real.stdout.on('data', (octets: Buffer) => {
  waiting = Buffer.concat([waiting, octets]);
});
// What was not handed out by then is lost, as with tcpdump itself.
process.on('SIGTERM', () => {
  real.kill();
  process.exit(0);
});
for (;;) {
  process.stdout.write(waiting.subarray(0, OCTETS));
  waiting = waiting.subarray(OCTETS);
  await pace(EVERY_MS);
}
