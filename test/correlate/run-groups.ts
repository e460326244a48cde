import test from 'ava';
import { joinConnection } from '../../harness/correlate/run-connections.ts';
import { RunGroups } from '../../harness/correlate/run-groups.ts';
import type { RunConnection, SeenState } from '../../harness/model/run-connection.ts';
import { CLIENT, CLOCK, control, event, HANDSHAKE, life, MS, runRow, SERVER, wireMs } from './_life.ts';

const SITE = { user: { file: '/app/pool.js', line: 88, column: 12 } };

interface Given {
  readonly server?: { readonly address: string; readonly port: number };
  readonly pendingBytes?: number;
  readonly line?: number;
  readonly ending?: 'closed' | 'reset';
  readonly seenStates?: readonly SeenState[];
}

let ids = 0;

/** A client of ours that ended, or was reset. */
function closed(given: Given = {}): RunConnection {
  const { server = SERVER, pendingBytes = 0, line = 88, ending = 'closed', seenStates = [] } = given;
  const site = { user: { ...SITE.user, line } };
  const client = life('client', [event('finwait:socket:end-call', 4, { site, pendingBytes })]);
  const last = ending === 'closed' ? control('client', 'FIN,ACK', 5) : control('server', 'RST', 5);
  const by = ending === 'closed' ? { closedBy: 'client' as const } : { resetBy: 'server' as const };
  const row = runRow({ id: ++ids, server, ending, ...by });
  const facts = { clock: CLOCK, wireIsWhole: true, seenStates: () => seenStates };
  const [attempt] = client.attempts;
  return joinConnection(row, [...HANDSHAKE, last], { lives: { client }, ...(attempt && { attempt }) }, facts);
}

function grouped(connections: readonly RunConnection[], ours: 'client' | 'server' = 'client') {
  const groups = new RunGroups();
  for (const each of connections) groups.add(each, [ours]);
  return groups.counts;
}

test('amounts make no kinds of their own', (t) => {
  const { groups } = grouped([closed({ pendingBytes: 17 }), closed({ pendingBytes: 18 }), closed()]);
  t.deepEqual(
    groups.map(({ count, detail }) => [count, detail]),
    [
      [2, 'behind data'],
      [1, undefined],
    ],
  );
  t.is(grouped([closed({ pendingBytes: 17 })]).groups[0]?.detail, 'behind 17 bytes');
});

test('servers of others are one kind by their port, ours by address and port', (t) => {
  const at = (address: string, port: number) => closed({ server: { address, port } });
  const places = (connections: readonly RunConnection[], ours?: 'server') =>
    grouped(connections, ours).groups.map(({ server }) => server);
  t.deepEqual(places([at('10.0.0.2', 443), at('10.0.0.3', 443), at('10.0.0.4', 80)]), [
    '*:443',
    '10.0.0.4:80',
  ]);
  t.deepEqual(places([at('127.0.0.1', 3000), at('127.0.0.1', 3001)], 'server'), [
    '127.0.0.1:3000',
    '127.0.0.1:3001',
  ]);
  t.deepEqual(places([at('127.0.0.1', 41_000), at('127.0.0.1', 41_001)], 'server'), ['127.0.0.1:*']);
});

test('of too many kinds the least usual stay, and the rest is counted', (t) => {
  const usual = Array.from({ length: 520 }, (_, line) => closed({ line }));
  const { groups, ungrouped } = grouped([...usual, closed({ ending: 'reset' })]);
  t.is(groups[0]?.ending, 'reset');
  t.is(groups.length, 500);
  t.is(ungrouped, 21);
  t.is(
    groups.reduce((sum, { count }) => sum + count, ungrouped),
    521,
  );
});

test('a FIN that only the end of the process sent, long after the other, is unusual', (t) => {
  const ranked = (finMs: number) => {
    const thread = { cut: true, lastEventAtNs: 6n * MS };
    const saw = [event('finwait:socket:accept', 1), event('finwait:socket:remote-end', 5.1)];
    const server = life('server', saw, { thread });
    const controls = [...HANDSHAKE, control('client', 'FIN,ACK', 5), control('server', 'FIN,ACK', finMs)];
    const facts = { clock: CLOCK, wireIsWhole: true, seenStates: () => [] };
    const row = runRow({ id: ++ids, ending: 'closed', closedBy: 'client' });
    return grouped([joinConnection(row, controls, { lives: { server } }, facts)], 'server').groups[0];
  };
  t.like(ranked(3005), { rank: 3, detail: 'the server’s only by process killed' });
  t.like(ranked(20), { rank: 9, detail: undefined });
});

test('a connection of which ss showed nothing but TIME-WAIT was not seen by it', (t) => {
  const state = (name: SeenState['state']): SeenState => {
    const times = { firstSeenNs: wireMs(1), lastSeenNs: wireMs(2) };
    return { side: 'client', state: name, ...times, receiveQueue: 0, sendQueue: 0 };
  };
  const seen = [closed({ seenStates: [state('TIME-WAIT')] }), closed({ seenStates: [state('ESTABLISHED')] })];
  t.is(grouped(seen).coverage.kernel, 1);
  t.is(seen[0]?.client, CLIENT);
});
