import { fileURLToPath } from 'node:url';
import test from 'ava';
import { assertMet, correlate, halfClose, handshake, nothingLeftOpen, openLab } from 'finwait';

test('my server answers a half-closed client before it closes', async (t) => {
  const lab = await openLab(); // a private network, a capture and a client in it; no root needed
  t.teardown(() => lab.stop());
  const port = await lab.freePort();
  const server = await lab.spawn('node', [fileURLToPath(new URL('server.js', import.meta.url)), `${port}`]);
  await server.line(/listening/);

  const pair = await lab.pair({ server: { address: '127.0.0.1', port }, client: 'half-close' });
  await pair.client.connect();
  await pair.client.end('request\n'); // its FIN: no more from the client
  await pair.until({ segments: [{ from: 'server', flags: 'FIN' }], acknowledged: ['client', 'server'] });

  assertMet(correlate(await pair.evidence()), handshake(), halfClose({ by: 'client' }), nothingLeftOpen());
  t.pass();
});
