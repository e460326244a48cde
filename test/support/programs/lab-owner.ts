/** Opens a lab in the network named by its first argument, puts everything to work in it, says so, and stays. */
import { openLab } from '../../../harness/lab/open-lab.ts';
import type { NetworkKind } from '../../../harness/lab/protocol.ts';

const lab = await openLab({ network: process.argv[2] as NetworkKind });
await lab.spawn('sleep', ['1000']);
const pair = await lab.pair({ server: 'half-open', client: 'half-close' });
await pair.client.connect();
await pair.until({ states: { client: 'ESTABLISHED', server: 'ESTABLISHED' } });
process.stdout.write(`open ${lab.network} ${lab.rootless ? 'rootless' : 'as root'}\n`);
