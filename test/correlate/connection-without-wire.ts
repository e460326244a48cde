import test from 'ava';
import { connectionWithoutWire } from '../../harness/correlate/connection-without-wire.ts';
import type { JoinedLives } from '../../harness/correlate/life-index.ts';
import type { RunConnection, SeenState } from '../../harness/model/run-connection.ts';
import type { TcpState } from '../../harness/model/tcp-state.ts';
import { CLOCK, event, life, SERVER, wireMs } from './_life.ts';

function seen(side: SeenState['side'], state: TcpState, fromMs: number, toMs: number): SeenState {
  const times = { firstSeenNs: wireMs(fromMs), lastSeenNs: wireMs(toMs) };
  return { side, state, ...times, receiveQueue: side === 'server' ? 2 : 0, sendQueue: 0 };
}

function told(lives: JoinedLives['lives'], ...states: SeenState[]): RunConnection {
  const facts = { clock: CLOCK, wireIsWhole: false, seenStates: () => states };
  const attempt = lives.client?.attempts[0];
  const connection = connectionWithoutWire(1, { lives, ...(attempt && { attempt }) }, facts);
  if (connection === undefined) throw new Error('no connection');
  return connection;
}

const ACCEPTED = life('server', [event('finwait:socket:accept', 1)]);

test("CLOSE-WAIT that ss showed, of a socket that never saw 'end', is a mismatch without packets", (t) => {
  const { mismatches, ending, closedBy } = told(
    { server: ACCEPTED },
    seen('server', 'CLOSE-WAIT', 10, 1510),
    seen('client', 'FIN-WAIT-2', 10, 1510),
  );
  t.is(ending, 'half-closed');
  t.is(closedBy, 'client');
  t.deepEqual(
    mismatches.map(({ text }) => text),
    [
      "a FIN came and the program never saw 'end', 1 byte unread in the kernel: ss showed its side in CLOSE-WAIT for 1500 ms",
    ],
  );
});

test("CLOSE-WAIT in one look, or of a socket that saw 'end', is none", (t) => {
  t.deepEqual(told({ server: ACCEPTED }, seen('server', 'CLOSE-WAIT', 10, 10)).mismatches, []);
  const ended = life('server', [event('finwait:socket:accept', 1), event('finwait:socket:remote-end', 2)]);
  t.deepEqual(told({ server: ended }, seen('server', 'CLOSE-WAIT', 10, 1510)).mismatches, []);
});

test('what ss showed once both programs had exited is the kernel’s closing, and ends nothing', (t) => {
  const thread = { exitedAtNs: 9_000_000n, exitCode: 3, cut: false, lastEventAtNs: 0n };
  const client = life('client', [event('finwait:socket:connect', 1)], { thread });
  const server = life('server', [event('finwait:socket:accept', 1)], { thread });
  const closing = [seen('client', 'FIN-WAIT-2', 10, 10), seen('server', 'CLOSE-WAIT', 10, 10)] as const;
  t.is(told({ client, server }, ...closing).ending, 'open');
  t.like(told({ client, server: ACCEPTED }, ...closing), { ending: 'half-closed', closedBy: 'client' });
  const killed = { ...client, thread: { cut: true, lastEventAtNs: 1_000_000n } };
  t.like(told({ client: killed, server }, ...closing), { ending: 'half-closed', closedBy: 'client' });
  t.like(told({ client }, ...closing), { ending: 'half-closed', closedBy: 'client' });
});

test('rows of ss that differ in their queues are one state', (t) => {
  const states = [seen('server', 'CLOSE-WAIT', 10, 60), seen('server', 'CLOSE-WAIT', 70, 130)];
  t.is(told({ server: ACCEPTED }, ...states).mismatches.length, 1);
});

test('connect() comes first, though a name was looked up and end() was called meanwhile', (t) => {
  const client = life('client', [event('finwait:socket:end-call', 0.3)], {
    calledAtNs: 100_000n,
    attempts: [{ peer: SERVER, attempt: 1, startedAtNs: 700_000n }],
  });
  const { reports, startNs } = told({ client });
  t.deepEqual(
    reports.map(({ report }) => report.name),
    ['connect', 'end'],
  );
  t.is(startNs, wireMs(0.1));
});

test('a client that was reset before it heard of its connection was reset, not refused', (t) => {
  const toldAfter = (code: string) => {
    const failed = { atNs: 2_000_000n, code };
    const attempts = [{ peer: SERVER, attempt: 1, startedAtNs: 0n, failed }];
    return told({ client: life('client', [event('finwait:socket:error', 2, { code })], { attempts }) });
  };
  t.like(toldAfter('ECONNRESET'), { ending: 'reset', resetBy: 'server' });
  t.like(toldAfter('ECONNREFUSED'), { ending: 'failed', resetBy: undefined });
});

test('a server’s socket that was reset before it was accepted is told without its client', (t) => {
  const { peer: _peer, ...server } = life('server', [
    event('finwait:socket:accept', 1),
    event('finwait:socket:error', 2, { code: 'ECONNRESET' }),
  ]);
  const connection = told({ server });
  t.is(connection.client, undefined);
  t.deepEqual(connection.server, SERVER);
  t.is(connection.ending, 'reset');
  t.is(connection.resetBy, 'client');
});
