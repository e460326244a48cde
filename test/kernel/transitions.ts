import test from 'ava';
import fc from 'fast-check';
import { compareSnapshots } from '../../harness/kernel/transitions.ts';
import type { SocketSample, SocketSnapshot } from '../../harness/model/observation.ts';
import { TCP_STATES, type TcpState } from '../../harness/model/tcp-state.ts';

const CLIENT = { address: '127.0.0.1', port: 40000 };
const SERVER = { address: '127.0.0.1', port: 7000 };

function client(state: TcpState, cookie?: string): SocketSample {
  const row = { state, local: CLIENT, peer: SERVER, receiveQueue: 0, sendQueue: 0 };
  return cookie === undefined ? row : { ...row, cookie };
}

function server(state: TcpState, cookie?: string): SocketSample {
  return { ...client(state, cookie), local: SERVER, peer: CLIENT };
}

/** Snapshot number `at`, taken from 10·at to 10·at + 1 ns. */
function snapshotOf(at: number, ...sockets: readonly SocketSample[]): SocketSnapshot {
  return { startedAtNs: BigInt(at) * 10n, endedAtNs: BigInt(at) * 10n + 1n, sockets };
}

function changes(before: readonly SocketSample[], after: readonly SocketSample[]): string[] {
  return compareSnapshots(snapshotOf(1, ...before), snapshotOf(2, ...after)).map(
    ({ local, from, to, cookie }) =>
      `${local.port}${cookie === undefined ? '' : ` sk:${cookie}`} ${from} → ${to}`,
  );
}

test('a change lies between the start of the earlier snapshot and the end of the later', (t) => {
  const [change] = compareSnapshots(
    snapshotOf(1, client('ESTABLISHED', 'a')),
    snapshotOf(2, client('FIN-WAIT-1', 'a')),
  );
  t.deepEqual(change, {
    local: CLIENT,
    peer: SERVER,
    cookie: 'a',
    from: 'ESTABLISHED',
    to: 'FIN-WAIT-1',
    earliestNs: 10n,
    latestNs: 21n,
  });
});

test('a socket not listed before comes from CLOSED, one not listed any more goes to CLOSED', (t) => {
  t.deepEqual(changes([], [client('SYN-SENT')]), ['40000 CLOSED → SYN-SENT']);
  t.deepEqual(changes([client('LAST-ACK')], []), ['40000 LAST-ACK → CLOSED']);
});

test('both ends of a loopback connection change on their own', (t) => {
  t.deepEqual(
    changes([client('ESTABLISHED'), server('ESTABLISHED')], [client('FIN-WAIT-2'), server('CLOSE-WAIT')]),
    ['40000 ESTABLISHED → FIN-WAIT-2', '7000 ESTABLISHED → CLOSE-WAIT'],
  );
});

test('a TIME-WAIT row with the cookie of the socket before it is the same socket', (t) => {
  t.deepEqual(changes([client('FIN-WAIT-2', 'a')], [client('TIME-WAIT', 'a')]), [
    '40000 sk:a FIN-WAIT-2 → TIME-WAIT',
  ]);
});

test('a 4-tuple used again while its TIME-WAIT row stood is another socket', (t) => {
  t.deepEqual(changes([client('TIME-WAIT', 'a')], [client('ESTABLISHED', 'b')]), [
    '40000 sk:a TIME-WAIT → CLOSED',
    '40000 sk:b CLOSED → ESTABLISHED',
  ]);
});

test('a listener that opens is CLOSED → LISTEN', (t) => {
  const listener = { ...server('LISTEN'), peer: { address: '0.0.0.0', port: 0 } };
  t.deepEqual(changes([], [listener]), ['7000 CLOSED → LISTEN']);
});

test('a socket listed twice in one snapshot counts once, with its later state', (t) => {
  t.deepEqual(changes([], [client('ESTABLISHED', 'a'), client('FIN-WAIT-1', 'a')]), [
    '40000 sk:a CLOSED → FIN-WAIT-1',
  ]);
});

test('applying the changes to the earlier snapshot gives the later', (t) => {
  const listed = TCP_STATES.filter((state) => state !== 'CLOSED');
  const socket = fc
    .tuple(fc.constantFrom(...listed), fc.integer({ min: 1, max: 5 }))
    .map(([state, cookie]) => client(state, String(cookie)));
  const sockets = fc.uniqueArray(socket, { selector: ({ cookie }) => cookie });
  const stateByCookie = (rows: readonly SocketSample[]): Map<string | undefined, TcpState> =>
    new Map(rows.map(({ cookie, state }) => [cookie, state]));
  fc.assert(
    fc.property(sockets, sockets, (before, after) => {
      const model = stateByCookie(before);
      for (const { cookie, from, to } of compareSnapshots(
        snapshotOf(1, ...before),
        snapshotOf(2, ...after),
      )) {
        if ((model.get(cookie) ?? 'CLOSED') !== from) return false;
        if (to === 'CLOSED') model.delete(cookie);
        else model.set(cookie, to);
      }
      const expected = stateByCookie(after);
      return (
        model.size === expected.size && [...expected].every(([cookie, state]) => model.get(cookie) === state)
      );
    }),
  );
  t.pass();
});
