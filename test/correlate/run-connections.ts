import test from 'ava';
import { joinConnection } from '../../harness/correlate/run-connections.ts';
import type { JoinedLives } from '../../harness/correlate/life-index.ts';
import type { ConnectionRow } from '../../harness/model/connection-row.ts';
import type { ControlSegment, RunConnection } from '../../harness/model/run-connection.ts';
import type { SocketLife } from '../../harness/model/socket-life.ts';
import { CLIENT, CLOCK, control, event, HANDSHAKE, life, MS, runRow, SERVER } from './_life.ts';

const SITE = { user: { file: '/app/pool.js', line: 88, column: 12 } };

interface Case {
  readonly client?: SocketLife;
  readonly server?: SocketLife;
  readonly listen?: JoinedLives['listen'];
  readonly acceptUnknown?: true;
  readonly controls: readonly ControlSegment[];
  readonly row?: Partial<ConnectionRow>;
  readonly wireIsWhole?: boolean;
}

function join({
  client,
  server,
  listen,
  acceptUnknown,
  controls,
  row,
  wireIsWhole = true,
}: Case): RunConnection {
  const attempt = client?.attempts.at(-1);
  const joined = {
    lives: { ...(client && { client }), ...(server && { server }) },
    ...(attempt && { attempt }),
    ...(listen && { listen }),
    ...(acceptUnknown && { acceptUnknown }),
  };
  return joinConnection(runRow(row), controls, joined, { clock: CLOCK, wireIsWhole, seenStates: () => [] });
}

/** `destroy() 1.0 ms: 14 bytes unread`. */
function causeOfLast(given: Case): string {
  const cause = join(given).ties.at(-1)?.cause;
  if (cause === undefined) return 'none';
  const { by, what, detail, delayNs } = cause;
  const delay = delayNs === undefined ? '' : ` ${(Number(delayNs) / 1e6).toFixed(1)} ms`;
  return `${by} ${what}${delay}${detail === undefined ? '' : `: ${detail}`}`;
}

const FIN = [...HANDSHAKE, control('server', 'FIN,ACK', 5)];
const RST = [...HANDSHAKE, control('server', 'RST,ACK', 5)];

test('a FIN comes of end() once that is through, with its line', (t) => {
  const server = life('server', [
    event('finwait:socket:end-call', 4, { site: SITE }),
    event('finwait:socket:finish', 4.5),
    event('finwait:socket:destroy-call', 4.8, { by: 'node' }),
  ]);
  t.is(causeOfLast({ server, controls: FIN }), 'program end() 1.0 ms');
  t.is(join({ server, controls: FIN }).ties.at(-1)?.cause?.site, SITE);
});

test('destroy() overtakes an end() that is not through', (t) => {
  const server = life('server', [
    event('finwait:socket:end-call', 4),
    event('finwait:socket:destroy-call', 4),
  ]);
  t.is(causeOfLast({ server, controls: FIN }), 'program destroy() 1.0 ms: right after end()');
});

test('Node’s own end() after the peer’s FIN is named for what it is', (t) => {
  const server = life('server', [
    event('finwait:socket:remote-end', 3),
    event('finwait:socket:end-call', 4, { by: 'node' }),
    event('finwait:socket:finish', 4.1),
  ]);
  t.is(causeOfLast({ server, controls: FIN }), 'node end() 1.0 ms: allowHalfOpen: false');
});

test('a call after the segment, beyond the clocks’ error, is not its cause', (t) => {
  const calledAt = (ms: number): Case => ({
    server: life('server', [event('finwait:socket:destroy-call', ms)]),
    controls: FIN,
  });
  t.is(causeOfLast(calledAt(5.009)), 'program destroy() -0.0 ms');
  t.is(causeOfLast(calledAt(5.011)), 'none');
});

test('without a call, the end of the process closes', (t) => {
  const exited = life('server', [], {
    thread: { exitedAtNs: 4n * MS, exitCode: 3, cut: false, lastEventAtNs: 0n },
  });
  t.is(causeOfLast({ server: exited, controls: FIN }), 'exit process exit 1.0 ms: code 3');
  const killed = life('server', [], { thread: { cut: true, lastEventAtNs: 4n * MS } });
  t.is(causeOfLast({ server: killed, controls: FIN }), 'exit process killed');
  const lives = life('server', [], {
    thread: { exitedAtNs: 9n * MS, exitCode: 0, cut: false, lastEventAtNs: 0n },
  });
  t.is(causeOfLast({ server: lives, controls: FIN }), 'none');
});

test('a worker was terminated where its process recorded something later; else either ended it', (t) => {
  const worker = (mainLastMs: number): string =>
    causeOfLast({
      server: life('server', [], {
        thread: {
          silence: 'worker terminated or process killed',
          cut: true,
          lastEventAtNs: 4n * MS,
          mainLastEventAtNs: BigInt(mainLastMs * 1000) * (MS / 1000n),
        },
      }),
      controls: FIN,
    });
  t.is(worker(5.011), 'exit worker terminated');
  t.is(worker(5.009), 'exit worker terminated or process killed', 'within the clocks’ error');
  t.is(worker(4), 'exit worker terminated or process killed');
});

test('a record that broke off though no signal came gives no cause', (t) => {
  const thread = { silence: 'record broke off', cut: true, leftOut: true, lastEventAtNs: 4n * MS } as const;
  const server = life('server', [], { thread });
  t.is(causeOfLast({ server, controls: FIN }), 'none');
  t.deepEqual(mismatches({ server, controls: [...HANDSHAKE, ...FIN] }), []);
});

test('a RST comes of resetAndDestroy(), of destroy() with unread data, or of data after it', (t) => {
  const reset = life('server', [event('finwait:socket:reset-call', 4)]);
  t.is(causeOfLast({ server: reset, controls: RST }), 'program resetAndDestroy() 1.0 ms');
  const unread = life('server', [event('finwait:socket:destroy-call', 4, { unreadBytes: 14 })]);
  t.is(causeOfLast({ server: unread, controls: RST }), 'program destroy() 1.0 ms: 14 bytes unread');
  const inKernel = life('server', [event('finwait:socket:destroy-call', 4)]);
  t.is(causeOfLast({ server: inKernel, controls: RST }), 'program destroy() 1.0 ms: kernel held unread data');
  const after = [...FIN, control('server', 'RST', 6)];
  t.is(causeOfLast({ server: inKernel, controls: after }), 'kernel data after destroy() 2.0 ms');
});

test('what is sent again is sent by a timer', (t) => {
  const again = [...FIN, control('server', 'FIN,ACK', 9, { retransmission: true })];
  t.is(causeOfLast({ server: life('server', []), controls: again }), 'kernel retransmission timer');
});

test('a timeout, an error, an idle connection are given as reasons of a destroy()', (t) => {
  const destroyed = (...events: SocketLife['events']): string =>
    causeOfLast({ server: life('server', events), controls: FIN });
  t.is(
    destroyed(
      event('finwait:socket:timeout', 3, { timeoutMs: 500 }),
      event('finwait:socket:destroy-call', 4),
    ),
    'program destroy() 1.0 ms: after a timeout of 500 ms',
  );
  t.is(
    destroyed(event('finwait:socket:destroy-call', 4, { code: 'EPIPE' })),
    'program destroy() 1.0 ms: with EPIPE',
  );
  t.is(
    destroyed(event('finwait:socket:destroy-call', 4, { idle: true, layer: 'http' })),
    'program destroy() 1.0 ms: idle http connection',
  );
});

test('received segments are tied to what JS was told, with the delay', (t) => {
  const client = life('client', [
    event('finwait:socket:connect', 0.7),
    event('finwait:socket:remote-end', 5.5),
    event('finwait:socket:close', 6, { hadError: false }),
  ]);
  const effects = join({ client, controls: FIN }).ties.map(
    ({ effect }) => effect && `${effect.what} ${effect.delayNs ?? ''}`,
  );
  t.deepEqual(effects, [undefined, "'connect' 500000", "'end' 500000"]);
});

/** `server reset-hidden`. */
function mismatches(given: Case): string[] {
  return join(given).mismatches.map(({ kind, side }) => `${side} ${kind}`);
}

const RST_TO_CLIENT = { controls: RST };

test('a RST that JS saw as an orderly close is a mismatch, whatever Node', (t) => {
  const clean = [
    event('finwait:socket:remote-end', 5.1),
    event('finwait:socket:close', 5.2, { hadError: false }),
  ];
  const old = join({ client: life('client', clean), ...RST_TO_CLIENT }).mismatches[0];
  t.is(old?.kind, 'reset-hidden');
  t.true(old?.text.includes('Node 20 hides a RST'));
  const young = join({ client: life('client', clean, { nodeVersion: 'v24.21.0' }), ...RST_TO_CLIENT })
    .mismatches[0];
  t.is(young?.kind, 'reset-hidden');
  t.false(young?.text.includes('hides a RST'));
});

test('a RST that JS reported, or that came after destroy(), is none', (t) => {
  const told = [event('finwait:socket:error', 5.1, { code: 'ECONNRESET' })];
  t.deepEqual(mismatches({ client: life('client', told), ...RST_TO_CLIENT }), []);
  const gone = [
    event('finwait:socket:destroy-call', 4.9),
    event('finwait:socket:close', 5.3, { hadError: false }),
  ];
  const controls = [...HANDSHAKE, control('client', 'FIN,ACK', 4.95), control('server', 'RST', 5)];
  t.deepEqual(mismatches({ client: life('client', gone), controls }), []);
});

test('a RST of which JS was told nothing is a mismatch, unless the process was gone', (t) => {
  t.deepEqual(mismatches({ client: life('client', []), ...RST_TO_CLIENT }), ['client reset-unnoticed']);
  const thread = { exitedAtNs: 4n * MS, exitCode: 0, cut: false, lastEventAtNs: 0n };
  t.deepEqual(mismatches({ client: life('client', [], { thread }), ...RST_TO_CLIENT }), []);
});

test('a RST that came before the accept is none until JS has had the time to read it', (t) => {
  const mismatchesWhen = (exitMs: bigint) => {
    const thread = { exitedAtNs: exitMs * MS, exitCode: 0, cut: false, lastEventAtNs: 0n };
    const server = life('server', [event('finwait:socket:accept', 50)], { thread });
    return mismatches({ server, controls: [...HANDSHAKE, control('client', 'RST,ACK', 5)] });
  };
  t.deepEqual(mismatchesWhen(51n), []);
  t.deepEqual(mismatchesWhen(500n), ['server reset-unnoticed']);
});

test('a FIN that the program never sees is a mismatch, and says who paused', (t) => {
  const paused = life('client', [event('finwait:socket:pause', 2, { site: SITE })]);
  const [mismatch] = join({ client: paused, controls: FIN }).mismatches;
  t.is(mismatch?.kind, 'fin-unnoticed');
  t.true(mismatch?.text.includes('it is paused at app/pool.js:88:12'));
  const resumed = life('client', [
    ...paused.events,
    event('finwait:socket:resume', 3),
    event('finwait:socket:remote-end', 6),
  ]);
  t.deepEqual(mismatches({ client: resumed, controls: FIN }), []);
});

test('a FIN that nothing in JS explains is a mismatch', (t) => {
  t.deepEqual(mismatches({ server: life('server', []), controls: FIN }), ['server unexplained']);
});

test('a destroy() without its segment is a mismatch only when the capture is whole', (t) => {
  const server = life('server', [event('finwait:socket:destroy-call', 4, { site: SITE })]);
  t.deepEqual(mismatches({ server, controls: HANDSHAKE }), ['server call-without-segment']);
  t.deepEqual(mismatches({ server, controls: HANDSHAKE, wireIsWhole: false }), []);
});

test('ECONNRESET without a RST is a mismatch', (t) => {
  const client = life('client', [
    event('finwait:socket:remote-end', 5.1),
    event('finwait:socket:error', 5.2, { code: 'ECONNRESET' }),
  ]);
  t.deepEqual(mismatches({ client, controls: FIN }), ['client error-without-segment']);
});

test('a connection that our listener never accepted is a mismatch', (t) => {
  const thread = { cut: false, exitedAtNs: 9n * MS, exitCode: 0, lastEventAtNs: 0n };
  const listen = { local: SERVER, pid: 1, fromNs: 0n, thread };
  t.deepEqual(mismatches({ listen, controls: HANDSHAKE }), ['server never-accepted']);
  t.deepEqual(mismatches({ listen, acceptUnknown: true, controls: HANDSHAKE }), []);
});

const KILLED = { thread: { cut: true, lastEventAtNs: 1n * MS } };

test('a FIN that was never read until the kill is a mismatch: the kernel’s own FIN says how long', (t) => {
  const server = life('server', [event('finwait:socket:accept', 1)], KILLED);
  const fin = [...HANDSHAKE, control('client', 'FIN,ACK', 5)];
  const killedAt = (ms: number): Case => ({ server, controls: [...fin, control('server', 'FIN,ACK', ms)] });
  const [leak] = join(killedAt(3005)).mismatches;
  t.is(leak?.kind, 'fin-unnoticed');
  t.true(
    leak?.text.endsWith('stayed half-open (CLOSE-WAIT) for 3000 ms, until the process ended'),
    leak?.text,
  );
  t.deepEqual(mismatches(killedAt(50)), [], 'its record lacks the last few ms');
  t.deepEqual(mismatches({ server, controls: fin }), ['server fin-unnoticed'], 'it still runs');
  t.deepEqual(mismatches({ server, controls: fin, wireIsWhole: false }), [], 'its FIN may be missing');
});

test('a record that is not whole tells nothing by its silence', (t) => {
  const thread = {
    cut: false,
    exitedAtNs: 9000n * MS,
    exitCode: 0,
    lastEventAtNs: 0n,
    leftOut: true as const,
  };
  const fin = { controls: [...HANDSHAKE, control('client', 'FIN,ACK', 5), control('server', 'FIN,ACK', 50)] };
  t.deepEqual(mismatches({ server: life('server', [], { thread }), ...fin }), []);
  t.deepEqual(mismatches({ client: life('client', [], { thread }), ...RST_TO_CLIENT }), []);
  // A life that is told to its close is.
  const closed = [event('finwait:socket:close', 5.2, { hadError: false })];
  t.deepEqual(mismatches({ client: life('client', closed, { thread }), ...RST_TO_CLIENT }), [
    'client reset-hidden',
  ]);
});

test('a RST of what was not accepted comes of server.close() only when that came before', (t) => {
  const thread = { cut: false, exitedAtNs: 99n * MS, exitCode: 0, lastEventAtNs: 0n };
  const closedAt = (ms: bigint): Case => ({
    listen: { local: SERVER, pid: 1, fromNs: 0n, toNs: ms * MS, thread },
    controls: RST,
  });
  t.is(causeOfLast(closedAt(4n)), 'kernel server.close(): not yet accepted');
  t.is(causeOfLast(closedAt(6n)), 'none');
});

test('the ends are those of the wire', (t) => {
  const { client, server } = join({ controls: HANDSHAKE });
  t.deepEqual([client, server], [CLIENT, SERVER]);
});
