/** Starts a peer that listens, says so, and stays. */
import { startPeer } from '../../../harness/peer/parent.ts';
import { moduleUrl } from '../peer-log.ts';

const peer = startPeer(
  { accepted: () => undefined, serverReport: () => undefined, report: () => undefined },
  { name: 'server' },
);
await peer.functions.listen({
  serverId: 1,
  module: moduleUrl('servers/echo'),
  driven: true,
  host: '127.0.0.1',
  port: 0,
});
process.stdout.write('listening\n');
