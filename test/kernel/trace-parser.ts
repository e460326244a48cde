import { readFileSync } from 'node:fs';
import test from 'ava';
import { parseTraceLine, type TraceEvent } from '../../harness/kernel/trace-parser.ts';

const RECORDED = new URL('../../../test/kernel/recorded/linux-6.18-trace-pipe.txt', import.meta.url);

const lines = readFileSync(RECORDED, 'utf8').trimEnd().split('\n');
const events = lines.map(parseTraceLine).filter((each) => each !== undefined);

function transitionsAt(port: number, peerPort: number): string[] {
  return events
    .filter((each): each is Extract<TraceEvent, { kind: 'transition' }> => each.kind === 'transition')
    .filter(({ local, peer }) => local.port === port && peer.port === peerPort)
    .map(({ from, to }) => `${from} > ${to}`);
}

test('both ends of an orderly close, each transition of them', (t) => {
  t.deepEqual(transitionsAt(34505, 44370), [
    'LISTEN > SYN-RECEIVED',
    'SYN-RECEIVED > ESTABLISHED',
    'ESTABLISHED > FIN-WAIT-1',
    'FIN-WAIT-1 > FIN-WAIT-2',
    'FIN-WAIT-2 > CLOSED',
  ]);
  t.deepEqual(transitionsAt(44370, 34505), [
    'SYN-SENT > ESTABLISHED',
    'ESTABLISHED > CLOSE-WAIT',
    'CLOSE-WAIT > LAST-ACK',
    'LAST-ACK > CLOSED',
  ]);
});

test('RSTs by who sends them, with the reason: IPv4, IPv6, IPv4 on an IPv6 socket', (t) => {
  const resets = events.filter((each) => each.kind === 'reset');
  t.deepEqual(
    resets.map(({ local, peer, reason }) => [local.address, local.port, peer.port, reason]),
    [
      ['127.0.0.1', 34505, 44378, 'TCP_STATE'],
      ['127.0.0.1', 1, 40374, 'NO_SOCKET'],
      ['::1', 37783, 38500, 'TCP_STATE'],
      ['::1', 1, 37526, 'NO_SOCKET'],
      ['127.0.0.1', 42931, 35278, 'TCP_STATE'],
      ['127.0.0.1', 1, 40380, 'NO_SOCKET'],
    ],
  );
  t.is(resets[0]?.atNs, 17_656_325_266_000n);
});

test('addresses of IPv6 sockets are their own, mapped ones plain', (t) => {
  const addresses = new Set(
    events
      .filter((each) => each.kind === 'transition')
      .map(({ local, peer }) => `${local.address} ${peer.address}`),
  );
  t.deepEqual([...addresses].sort(), ['127.0.0.1 127.0.0.1', '::1 ::1']);
});

test('what was lost is counted; marks, sockets without both ends and reasons that older kernels lack are nothing', (t) => {
  t.deepEqual(parseTraceLine('CPU:3 [LOST 1204 EVENTS]'), { kind: 'lost', count: 1204 });
  const sentSyn = lines.find((line) => line.includes('sport=0'));
  const mark = lines.find((line) => line.includes('tracing_mark_write'));
  const reset = lines.find((line) => line.includes('tcp_send_reset'));
  for (const line of [sentSyn, mark, reset?.replace(/ reason=.*/, ''), '', 'x'])
    t.is(parseTraceLine(line ?? 'absent'), undefined, line);
  t.not(sentSyn, undefined);
  t.not(mark, undefined);
});

test('the name of a process may be anything, and a line that is cut off is none', (t) => {
  const [line = ''] = lines.filter((each) => each.includes('oldstate=TCP_LAST_ACK'));
  const named = line.replace('node-', '1.5: tcp_send-');
  t.deepEqual(parseTraceLine(named), parseTraceLine(line));
  t.is(parseTraceLine(line.slice(0, -4)), undefined);
});
