import test from 'ava';
import { correlate } from '../../harness/correlate/correlate.ts';
import { handshake, reset } from '../../harness/expect/expectation.ts';
import { judge } from '../../harness/expect/judge.ts';
import type { Expectation } from '../../harness/expect/expectation.ts';
import type { VerdictStatus } from '../../harness/model/verdict.ts';
import { run } from '../support/segment-script.ts';

/** A gate on what one side sends with these flags, from before the run until after it. */
function statusWithHold(
  lines: readonly string[],
  from: 'client' | 'server',
  flags: number,
  expectation: Expectation,
): VerdictStatus {
  const evidence = run(lines);
  const port = { port: evidence.server.port };
  const way = from === 'server' ? { source: port, destination: {} } : { source: {}, destination: port };
  const [first] = evidence.clockReadings;
  const fromNs = (first?.sentAfterNs ?? 0n) - 3_600_000_000_000n;
  const timeline = correlate({ ...evidence, holds: [{ ...way, flags, fromNs }] });
  return judge(timeline, timeline.connections[0], expectation).status;
}

test('a handshake whose last ACK was held is not met: nothing was established at the server', (t) => {
  const lines = ['client SYN', 'server SYN,ACK', 'client ACK'];
  t.is(statusWithHold(lines, 'client', 0x10, handshake()), 'violated');
  t.is(statusWithHold(lines, 'server', 0x04, handshake()), 'met', 'a gate on something else');
});

test('a RST that was held has reset nothing', (t) => {
  const lines = ['client SYN', 'server SYN,ACK', 'client ACK', 'client RST,ACK'];
  t.is(statusWithHold(lines, 'client', 0x04, reset({ by: 'client' })), 'violated');
  t.is(statusWithHold(lines, 'server', 0x04, reset({ by: 'client' })), 'met', 'a gate on the other way');
});
