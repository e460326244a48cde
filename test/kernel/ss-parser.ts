import { readFileSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { parseSs, type ParsedSs } from '../../harness/kernel/ss-parser.ts';
import { formatEndpoint } from '../../harness/model/endpoint.ts';
import type { SocketSample } from '../../harness/model/observation.ts';
import { TCP_STATES } from '../../harness/model/tcp-state.ts';

/** Tests run from dist/test/kernel; the recordings stay beside the sources. */
function recorded(name: string): ParsedSs {
  return parseSs(readFileSync(new URL(`../../../test/kernel/recorded/${name}.txt`, import.meta.url), 'utf8'));
}

function onPort({ sockets }: ParsedSs, port: number): readonly SocketSample[] {
  return sockets.filter(({ local, peer }) => local.port === port || peer.port === port);
}

/** `127.0.0.1:7009 CLOSING`, sorted; ephemeral ports and cookies of the recording left out. */
function states(sockets: readonly SocketSample[]): string[] {
  return sockets
    .map(({ local, state }) => `${local.port > 8000 ? 'client' : formatEndpoint(local)} ${state}`)
    .sort();
}

const RECORDINGS = ['extended', 'processes', 'everything', 'everything-one-line'] as const;

/** Which states each port of the recordings shows; see recorded/README.md. */
const SITUATIONS: Readonly<Record<number, readonly string[]>> = {
  7002: ['[::1]:7002 ESTABLISHED', '[::1]:7002 LISTEN', 'client ESTABLISHED'],
  7003: ['127.0.0.1:7003 ESTABLISHED', '[::]:7003 LISTEN', 'client ESTABLISHED'],
  7004: ['client SYN-SENT'],
  7005: ['127.0.0.1:7005 LISTEN', '127.0.0.1:7005 SYN-RECEIVED', 'client SYN-SENT'],
  7007: ['127.0.0.1:7007 FIN-WAIT-1', '127.0.0.1:7007 LISTEN', 'client FIN-WAIT-1'],
  7008: ['127.0.0.1:7008 CLOSE-WAIT', '127.0.0.1:7008 LISTEN', 'client FIN-WAIT-2'],
  7009: ['127.0.0.1:7009 CLOSING', '127.0.0.1:7009 LISTEN', 'client FIN-WAIT-1'],
  7010: ['127.0.0.1:7010 LAST-ACK', '127.0.0.1:7010 LISTEN', 'client FIN-WAIT-2'],
  7011: ['127.0.0.1:7011 LISTEN', 'client TIME-WAIT'],
  7012: ['127.0.0.1:7012 CLOSE-WAIT', '127.0.0.1:7012 LISTEN', 'client FIN-WAIT-2'],
};

for (const flags of RECORDINGS) {
  test(`every state that Linux lists is read from iproute2 6.1 output (${flags})`, (t) => {
    const parsed = recorded(`iproute2-6.1.0-${flags}`);
    t.deepEqual(parsed.issues, []);
    for (const [port, expected] of Object.entries(SITUATIONS)) {
      t.deepEqual(states(onPort(parsed, Number(port))), expected, `port ${port}`);
    }
    t.deepEqual(
      TCP_STATES.filter((state) => !parsed.sockets.some((socket) => socket.state === state)),
      ['CLOSED'],
    );
  });
}

test('lines that -i and -m add change nothing about the sockets, on their own line or not', (t) => {
  const identify = (socket: SocketSample): unknown => ({ ...socket, timer: socket.timer?.name });
  const plain = recorded('iproute2-6.1.0-processes').sockets.map(identify);
  t.deepEqual(recorded('iproute2-6.1.0-everything').sockets.map(identify), plain);
  t.deepEqual(recorded('iproute2-6.1.0-everything-one-line').sockets.map(identify), plain);
});

test('a socket that no process holds has inode 0 and keeps its cookie', (t) => {
  const orphans = recorded('iproute2-6.1.0-processes').sockets.filter(({ inode }) => inode === 0);
  t.deepEqual(orphans.map(({ state }) => state).sort(), [
    'FIN-WAIT-2',
    'LAST-ACK',
    'SYN-RECEIVED',
    'TIME-WAIT',
  ]);
  t.true(orphans.every(({ cookie, processes }) => cookie !== undefined && processes === undefined));
});

test('queues, timer, inode, cookie and process come from their columns', (t) => {
  const [socket] = parseSs(
    'ESTAB 6 2 127.0.0.1:7006 127.0.0.1:51166 users:(("node",pid=1,fd=30)) timer:(on,1.768ms,2) ino:12041 sk:100e <->',
  ).sockets;
  t.deepEqual(socket, {
    state: 'ESTABLISHED',
    local: { address: '127.0.0.1', port: 7006 },
    peer: { address: '127.0.0.1', port: 51166 },
    receiveQueue: 6,
    sendQueue: 2,
    timer: { name: 'on', expires: '1.768ms', retransmits: 2 },
    cookie: '100e',
    inode: 12041,
    processes: [{ name: 'node', pid: 1, fd: 30 }],
  });
});

test('zones are dropped, mapped addresses made plain, wildcards kept', (t) => {
  const address = (text: string): unknown => parseSs(`ESTAB 0 0 ${text} ${text}`).sockets[0]?.local;
  t.deepEqual(address('[fe80::1]%eth0:80'), { address: 'fe80::1', port: 80 });
  t.deepEqual(address('fe80::1%eth0:80'), { address: 'fe80::1', port: 80 });
  t.deepEqual(address('127.0.0.53%lo:53'), { address: '127.0.0.53', port: 53 });
  t.deepEqual(address('[::ffff:10.0.0.1]:80'), { address: '10.0.0.1', port: 80 });
  t.deepEqual(address('[::]:80'), { address: '::', port: 80 });
  t.deepEqual(address(':::80'), { address: '::', port: 80 });
  t.deepEqual(address('*:80'), { address: '::', port: 80 });
  t.deepEqual(address('0.0.0.0:*'), { address: '0.0.0.0', port: 0 });
});

test('what iproute2 5.5 prints is read (derived from its source)', (t) => {
  const parsed = recorded('derived-iproute2-5.5.0-extended');
  t.deepEqual(parsed.issues, []);
  t.deepEqual(
    parsed.sockets.map(({ state, cookie, timer }) => [state, cookie, timer?.expires]),
    [
      ['LISTEN', '1', undefined],
      ['LISTEN', '2', undefined],
      ['LISTEN', '3', undefined],
      ['SYN-RECEIVED', '4', '900ms'],
      ['ESTABLISHED', '5', '119min'],
      ['FIN-WAIT-2', '6', '1min'],
      ['TIME-WAIT', '7', '59sec'],
      ['ESTABLISHED', '8', '1.200ms'],
    ],
  );
});

test('what iproute2 5.15 prints is read (derived from its source)', (t) => {
  const { sockets, issues } = recorded('derived-iproute2-5.15.0-everything');
  t.deepEqual(issues, []);
  t.deepEqual(
    sockets.map(({ state, inode, processes }) => [state, inode, processes?.map(({ pid }) => pid)]),
    [
      ['CLOSE-WAIT', 34571, [812, 813]],
      ['LAST-ACK', 0, undefined],
      ['SYN-SENT', 40001, [900]],
    ],
  );
});

test('a program name made to look like columns stays a name', (t) => {
  const socket = recorded('derived-iproute2-5.15.0-everything').sockets.at(-1);
  t.is(socket?.processes?.[0]?.name, 'a) ino:9 sk:1');
  t.is(socket?.cookie, '1005');
});

test('lines that cannot be read are issues, and the others are still read', (t) => {
  const good = 'LISTEN 0 511 127.0.0.1:7000 0.0.0.0:*';
  const bad = [
    'UNDEF 0 0 127.0.0.1:1 127.0.0.1:2',
    'ESTAB 0 0 127.0.0.1:99999 127.0.0.1:2',
    'ESTAB 0 0 a:b c:d',
    'gone',
  ];
  const { sockets, issues } = parseSs([good, ...bad, good].join('\n'));
  t.is(sockets.length, 2);
  t.deepEqual(
    issues.map(({ line }) => line),
    bad,
  );
  t.is(issues[0]?.reason, 'state "UNDEF" is unknown');
  t.is(parseSs('toString 0 0 127.0.0.1:1 127.0.0.1:2').issues.length, 1);
});

test('any text is read without an exception, and every line is accounted for', (t) => {
  const fragment = fc.oneof(
    fc.constantFrom(
      'ESTAB',
      'LISTEN',
      ' 0 0 ',
      '127.0.0.1:80',
      '[::1]:1',
      'users:((',
      '("a",pid=1,fd=2)',
      'timer:(',
      '\n',
      '\t',
    ),
    fc.string(),
  );
  const text = fc.array(fragment).map((parts) => parts.join(' '));
  fc.assert(
    fc.property(text, (input) => {
      const { sockets, issues } = parseSs(input);
      const lines = input.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('\t'));
      return sockets.length + issues.length === lines.length;
    }),
  );
  t.pass();
});

test('the complaint that no cgroup2 is mounted costs no socket and is no issue', (t) => {
  const text = [
    'Failed to find cgroup2 mount',
    'LISTEN 0 128 0.0.0.0:2024 0.0.0.0:* ino:576 sk:1 cgroup:unreachable:1 <->',
    'Failed to open cgroup2 by ID',
  ].join('\n');
  const { sockets, issues } = parseSs(text);
  t.deepEqual(issues, []);
  t.is(sockets[0]?.local.port, 2024);
});
