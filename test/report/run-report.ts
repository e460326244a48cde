import test from 'ava';
import { joinConnection } from '../../harness/correlate/run-connections.ts';
import { RunGroups } from '../../harness/correlate/run-groups.ts';
import type { RunConnection } from '../../harness/model/run-connection.ts';
import type { RunReport } from '../../harness/model/run-report.ts';
import type { TcpState } from '../../harness/model/tcp-state.ts';
import { cells } from '../../harness/report/terminal/text.ts';
import { renderLiveLine } from '../../harness/report/terminal/live-line.ts';
import { renderRunConnection } from '../../harness/report/terminal/run-ladder.ts';
import { renderRunReport } from '../../harness/report/terminal/run-report.ts';
import { CLIENT, CLOCK, control, event, life, runRow, SERVER, wireMs } from '../correlate/_life.ts';
import { matchesGolden } from './_golden.ts';

const at = (line: number) => ({ user: { file: '/work/app/lib/pool.js', line, column: 12 } });
const UNDICI = {
  ...at(31),
  dependency: { file: '/x/undici/lib/client.js', line: 9, column: 2, package: 'undici' },
};

/** A client of ours at a server that is not, which resets with data under way; and JS saw a clean close. */
function hiddenReset(id: number): RunConnection {
  const attempts = [{ peer: SERVER, attempt: 1, startedAtNs: 0n, site: UNDICI }];
  const events = [
    event('finwait:socket:connect', 12.3),
    event('finwait:socket:remote-end', 5012.9),
    event('finwait:socket:close', 5013, { hadError: false }),
  ];
  const data = { client: { segments: 3, bytes: 1300 }, server: { segments: 40, bytes: 51_200 } };
  const controls = [
    control('client', 'SYN', 0.1, { frame: 1 }),
    control('client', 'SYN', 1.1, { frame: 2, retransmission: true }),
    control('server', 'SYN,ACK', 12, { frame: 3 }),
    control('server', 'RST,ACK', 5012.5, { frame: 77, dataBefore: data }),
  ];
  const client = life('client', events, { attempts, layer: 'undici' });
  const row = runRow({ id, ending: 'reset', resetBy: 'server' });
  const [attempt] = attempts;
  const joined = { lives: { client }, ...(attempt && { attempt }) };
  return joinConnection(row, controls, joined, { clock: CLOCK, wireIsWhole: true, seenStates: () => [] });
}

/** Both ends are ours; the server's end() at a line, and Node's answer. */
function orderly(id: number): RunConnection {
  const client = life('client', [
    event('finwait:socket:connect', 0.4),
    event('finwait:socket:remote-end', 8.4),
  ]);
  const server = life('server', [
    event('finwait:socket:accept', 0.5),
    event('finwait:socket:end-call', 7, { site: at(88), pendingBytes: 4096 }),
    event('finwait:socket:finish', 7.5),
  ]);
  const controls = [
    control('client', 'SYN', 0.1, { frame: 100 }),
    control('server', 'SYN,ACK', 0.2, { frame: 101 }),
    control('server', 'FIN,ACK', 8, { frame: 105 }),
  ];
  const [attempt] = client.attempts;
  const joined = { lives: { client, server }, ...(attempt && { attempt }) };
  const row = runRow({ id, ending: 'closed', closedBy: 'server' });
  return joinConnection(row, controls, joined, { clock: CLOCK, wireIsWhole: true, seenStates: () => [] });
}

function report(fields: Partial<RunReport> = {}): RunReport {
  const groups = new RunGroups();
  for (let id = 1; id <= 3; id++) groups.add(hiddenReset(id), ['client']);
  for (let id = 4; id <= 1203; id++) groups.add(orderly(id), ['client', 'server']);
  return {
    directory: '/work/app/.finwait/1',
    state: 'ended',
    command: ['node', 'app.js'],
    network: 'host',
    durationNs: 4_210_000_000n,
    exitCode: 0,
    signal: undefined,
    processes: 2,
    threads: 3,
    ...groups.counts,
    leftOut: 0,
    undetermined: 0,
    largestGapMs: 240,
    damage: [
      {
        lane: 'wire',
        kind: 'kernel-drops',
        detail: '12 packets dropped by the kernel before tcpdump read them',
      },
    ],
    hints: ['Type this.'],
    ...fields,
  };
}

for (const columns of [100, 80, 40]) {
  test(`a report of ${columns} columns is as reviewed`, (t) => {
    matchesGolden(t, `run-report-${columns}`, renderRunReport(report(), { columns }));
  });

  test(`no line of a report of ${columns} columns is longer`, (t) => {
    for (const ascii of [true, false]) {
      const lines = renderRunReport(report(), { columns, ascii }).split('\n');
      t.deepEqual(
        lines.filter((each) => cells(each) > columns),
        [],
      );
    }
  });
}

test('in ASCII a report has no other sign', (t) => {
  t.regex(renderRunReport(report(), { ascii: true, columns: 100 }), /^[\x00-\x7f]*$/);
});

test('what comes from outside cannot steer the terminal', (t) => {
  const text = renderRunReport(
    report({ command: ['node', '\u001b[2J\u202eapp.js'], hints: ['\u001b]0;x\u0007'] }),
  );
  t.false(text.includes('\u001b'));
  t.false(text.includes('\u202e'));
});

test('a program without connections is told in three lines', (t) => {
  const empty = new RunGroups().counts;
  const text = renderRunReport({ ...report(), ...empty, damage: [], hints: [], processes: 1, threads: 1 });
  t.is(
    text,
    'finwait  node app.js · 4.21 s · exit code 0\nno TCP connections\n\nrecord   /work/app/.finwait/1',
  );
});

test('a segment that left long after its call says how long', (t) => {
  const lines = renderRunConnection(orderly(1), { columns: 120 }).replaceAll(/\s+/g, ' ');
  t.true(lines.includes('end() lib/pool.js:88:12, behind 4096 bytes, 1 ms before'), lines);
});

test('what a condition left out is counted', (t) => {
  const text = renderRunReport(report({ leftOut: 7 }), { columns: 120 });
  t.true(text.includes('1,203 connections that match, of 1,210: '), text);
  const unknown = renderRunReport(report({ leftOut: 7, undetermined: 2 }), { columns: 160 });
  t.true(
    unknown.includes(
      '1,203 connections that match, of 1,212 (of 2 only packets would tell, and there are none): ',
    ),
    unknown,
  );
});

test('kinds that are not listed are counted, and so are connections of kinds that were not kept', (t) => {
  const { groups } = report();
  const [first] = groups;
  const many = Array.from({ length: 20 }, () => first).filter((each) => each !== undefined);
  const textOf = (ungrouped: number): string =>
    renderRunReport(report({ groups: many, ungrouped }), { columns: 100 });
  t.true(textOf(0).includes('… and 8 more kinds (24 connections)'));
  t.true(textOf(1000).includes('… and more than 8 more kinds (1,024 connections)'));
});

test('the states that ss saw stand in the ladder, both ends on one line, as long as they were seen', (t) => {
  const seen = (side: 'client' | 'server', state: 'FIN-WAIT-2' | 'CLOSE-WAIT', toMs: number) => {
    const times = { firstSeenNs: wireMs(40), lastSeenNs: wireMs(toMs) };
    return { side, state, ...times, receiveQueue: 3, sendQueue: 0 };
  };
  const seenStates = [seen('client', 'FIN-WAIT-2', 40), seen('server', 'CLOSE-WAIT', 3140)];
  const lines = renderRunConnection({ ...orderly(1), seenStates }, { columns: 120 }).split('\n');
  const line = lines
    .find((each) => each.includes('CLOSE-WAIT'))
    ?.replaceAll(/ +/g, ' ')
    .trim();
  t.is(line, '+39.900 FIN-WAIT-2 (ss), 3 bytes unread CLOSE-WAIT (ss, for 3.1 s), 2 bytes unread');
});

test('what the kernel told stands in place of what ss saw, TIME-WAIT remains, and a RST has its reason', (t) => {
  const { ties, ...connection } = orderly(1);
  const server = (from: TcpState, to: TcpState, ms: number) => {
    return { side: 'server', from, to, atNs: wireMs(ms) } as const;
  };
  const sampled = (state: TcpState, ms: number, untilMs = ms) => {
    const times = { firstSeenNs: wireMs(ms), lastSeenNs: wireMs(untilMs) };
    return { side: 'server', state, ...times, receiveQueue: 0, sendQueue: 0 } as const;
  };
  const text = renderRunConnection(
    {
      ...connection,
      ties: [...ties, { segment: control('server', 'RST', 60), kernelReason: 'TCP_ABORT_ON_CLOSE' }],
      seenStates: [sampled('ESTABLISHED', 5), sampled('FIN-WAIT-2', 9, 40), sampled('TIME-WAIT', 50)],
      transitions: [
        server('SYN-RECEIVED', 'ESTABLISHED', 1),
        server('ESTABLISHED', 'FIN-WAIT-1', 8),
        server('FIN-WAIT-1', 'FIN-WAIT-2', 8.1),
        server('FIN-WAIT-2', 'CLOSED', 9.5),
      ],
    },
    { columns: 120 },
  );
  const states = [...text.matchAll(/(\S+) \((?:ss|kernel)[,)].*/g)].map(([state]) => state);
  t.deepEqual(states, [
    'ESTABLISHED (kernel, for 7 ms)',
    'FIN-WAIT-1 (kernel)',
    // The program let go of it then, and the state went on.
    'FIN-WAIT-2 (kernel)',
    'FIN-WAIT-2 (ss, for 31 ms)',
    'TIME-WAIT (ss)',
  ]);
  t.true(text.includes('(kernel: TCP_ABORT_ON_CLOSE)'), text);
});

test('an unknown option is refused', (t) => {
  t.throws(() => renderRunReport(report(), { colour: true } as object), { instanceOf: TypeError });
});

test('live lines name the ends, the call and its place, and are silent about the rest', (t) => {
  const line = (live: Parameters<typeof renderLiveLine>[0]): string | undefined =>
    renderLiveLine(live, 0n, { columns: 100 })?.replaceAll(/ +/g, ' ').trim();
  const ends = { local: CLIENT, peer: SERVER };
  t.is(
    line({ event: event('finwait:socket:destroy-call', 4.5, { site: at(88), unreadBytes: 14 }), ...ends }),
    '+4.500 1 10.0.0.1:40000 > 10.0.0.2:80 destroy() lib/pool.js:88:12 14 bytes unread',
  );
  t.is(
    line({ event: event('finwait:socket:error', 5, { code: 'ECONNRESET' }), ...ends }),
    '+5.000 1 10.0.0.1:40000 > 10.0.0.2:80 error ECONNRESET',
  );
  t.is(line({ event: event('finwait:socket:pause', 5), ...ends }), undefined);
  t.is(line({ event: event('finwait:socket:destroy-call', 5, { by: 'node' }), ...ends }), undefined);
});
