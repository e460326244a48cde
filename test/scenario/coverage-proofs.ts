/** What proves an arrow, and what looks like it and does not: told conversations with what ss and the programs said. */
import test from 'ava';
import { correlate } from '../../harness/correlate/correlate.ts';
import { cover } from '../../harness/scenario/coverage/cover.ts';
import type { ScenarioRun } from '../../harness/scenario/run-scenario.ts';
import type { Side } from '../../harness/model/connection.ts';
import type { Arrow, Proof } from '../../harness/model/coverage.ts';
import type { SocketSample, SocketSnapshot } from '../../harness/model/observation.ts';
import type { TcpState } from '../../harness/model/tcp-state.ts';
import {
  CLOSING_BY_CLIENT,
  OPENING,
  run as tell,
  type RunOptions,
  SERVER,
} from '../support/segment-script.ts';

interface Told extends RunOptions {
  /** Sides whose socket was killed by `ss -K`. */
  readonly killed?: readonly Side[];
  /** In which snapshots, by number from 0, somebody listens. */
  readonly listening?: readonly number[];
  /** What `ss` prints of TIME-WAIT's timer, snapshot by snapshot. */
  readonly timers?: readonly string[];
}

function proofOf(
  [from, event]: readonly [TcpState, Arrow['event']],
  lines: readonly string[],
  { killed = [], listening = [], timers = [], ...options }: Told,
): Proof | undefined {
  const told = tell(lines, options);
  const snapshots = told.snapshots.map((snapshot, index): SocketSnapshot => {
    const expires = timers[index];
    const sockets = snapshot.sockets.map((row) => {
      if (row.state !== 'TIME-WAIT' || expires === undefined) return row;
      return { ...row, timer: { name: 'timewait', expires, retransmits: 0 } };
    });
    return { ...snapshot, sockets: listening.includes(index) ? [LISTENER, ...sockets] : sockets };
  });
  const evidence = { ...told, snapshots };
  const timeline = correlate(evidence);
  const [connection] = timeline.connections;
  if (connection === undefined) throw new TypeError('not one segment');
  const run: ScenarioRun = {
    scenario: 'told',
    status: 'met',
    timeline,
    connection,
    connections: { main: connection },
    evidence: { main: evidence },
    killed: { main: killed },
    verdicts: [],
    claims: [],
    tookMs: 0,
  };
  return cover([run]).arrows.find((arrow) => arrow.from === from && arrow.event === event)?.proof;
}

const LISTENER: SocketSample = {
  state: 'LISTEN',
  local: SERVER,
  peer: { address: '0.0.0.0', port: 0 },
  receiveQueue: 0,
  sendQueue: 0,
};

const CLOSES_IN_SYN_SENT = ['SYN-SENT', 'close'] as const;
const UNANSWERED = {
  lines: ['client SYN lost'],
  ss: [
    [3, 'SYN-SENT', 'CLOSED'],
    [9, 'CLOSED', 'CLOSED'],
  ],
} as const;

test('SYN-SENT, close: a destroy() of the program between the two looks', (t) => {
  const { lines, ss } = UNANSWERED;
  const proof = proofOf(CLOSES_IN_SYN_SENT, lines, { ss, js: [[5, 'client', 'destroy()']] });
  t.is(proof?.wire, 'nothing after #1 client SYN');
  t.is(proof?.ss, 'SYN-SENT, then not listed, destroy() in between');
});

test('SYN-SENT, close: neither Node’s own destroy() nor one behind an error, before or after the looks', (t) => {
  const { lines, ss } = UNANSWERED;
  const stories: readonly NonNullable<Told['js']>[] = [
    [],
    [[5, 'client', 'destroy()', { by: 'node' }]],
    [
      [5, 'client', 'error', { code: 'ETIMEDOUT' }],
      [5.1, 'client', 'destroy()'],
    ],
    [
      [5, 'client', 'destroy()'],
      [5.1, 'client', 'error', { code: 'ABORT_ERR' }],
    ],
    [[2, 'client', 'destroy()']],
    [[12, 'client', 'destroy()']],
    [[5, 'server', 'destroy()']],
  ];
  for (const js of stories)
    t.is(proofOf(CLOSES_IN_SYN_SENT, lines, { ss, js }), undefined, JSON.stringify(js));
  const again = [...lines, 'client SYN seq 0 +5 ms lost'];
  t.is(proofOf(CLOSES_IN_SYN_SENT, again, { ss, js: [[5, 'client', 'destroy()']] }), undefined);
});

const TIMES_OUT = ['TIME-WAIT', '2MSL'] as const;
/** The last segment is sent at 7 ms. */
const CLOSED = [...OPENING, ...CLOSING_BY_CLIENT];

function waits(...looks: readonly (readonly [ms: number, client: TcpState])[]): NonNullable<Told['ss']> {
  return looks.map(([ms, client]) => [ms, client, 'CLOSED']);
}

test('TIME-WAIT, 2MSL: there for more than a minute’s half, gone no earlier than after a minute', (t) => {
  const proof = proofOf(TIMES_OUT, CLOSED, {
    ss: waits([9, 'TIME-WAIT'], [60_500, 'TIME-WAIT'], [60_800, 'CLOSED']),
  });
  t.is(proof?.ss, 'TIME-WAIT at +60.5 s, not listed at +60.8 s');
  t.is(proof?.remark, undefined);
});

test('TIME-WAIT, 2MSL: gone too early, or not looked at for too long, is no proof', (t) => {
  t.is(proofOf(TIMES_OUT, CLOSED, { ss: waits([9, 'TIME-WAIT'], [20, 'CLOSED']) }), undefined);
  t.is(proofOf(TIMES_OUT, CLOSED, { ss: waits([9, 'TIME-WAIT'], [59_000, 'CLOSED']) }), undefined);
  t.is(proofOf(TIMES_OUT, CLOSED, { ss: waits([9, 'TIME-WAIT'], [61_000, 'CLOSED']) }), undefined);
});

test('TIME-WAIT, 2MSL: a socket that was killed is one with a remark, unless something is sent afterwards', (t) => {
  const ss = waits([9, 'TIME-WAIT'], [20, 'CLOSED']);
  const killed = ['client'] as const;
  t.is(proofOf(TIMES_OUT, CLOSED, { ss, killed })?.remark, 'killed by ss -K, not by time');
  t.is(proofOf(TIMES_OUT, CLOSED, { ss, killed: ['server'] }), undefined);
  const lines = [...CLOSED, 'server FIN,ACK seq 1 +30 ms', 'client RST seq 2'];
  t.is(proofOf(TIMES_OUT, lines, { ss, killed }), undefined);
});

test('CLOSED, passive open: no listener and then one; LISTEN alone says that nobody looked before', (t) => {
  const ss = [
    [-9, 'CLOSED', 'CLOSED'],
    [-5, 'CLOSED', 'CLOSED'],
  ] as const;
  const proof = proofOf(['CLOSED', 'passive open'], OPENING, { ss, listening: [1], fromMs: 1 });
  t.is(proof?.ss, 'not listed, then LISTEN');
  t.is(proof?.remark, undefined);
  const late = proofOf(['CLOSED', 'passive open'], OPENING, { ss, listening: [0, 1] });
  t.is(late?.remark, 'not looked at before it listened');
});

test('LISTEN, close: takes the program’s server.close() between the looks', (t) => {
  const told = {
    ss: [
      [10, 'ESTABLISHED', 'ESTABLISHED'],
      [20, 'ESTABLISHED', 'ESTABLISHED'],
    ],
    listening: [0],
  } as const;
  const closes: Told = { ...told, js: [[15, 'server', 'server.close()']] };
  t.regex(proofOf(['LISTEN', 'close'], OPENING, closes)?.ss ?? '', /server\.close\(\) in between/u);
  t.is(proofOf(['LISTEN', 'close'], OPENING, told), undefined);
  t.is(proofOf(['LISTEN', 'close'], OPENING, { ...told, js: [[25, 'server', 'server.close()']] }), undefined);
});

test('LISTEN, close: a server.close() after which ss still showed it is none of what ended it', (t) => {
  const looks = [0, 100, 5000, 9000].map((ms) => [ms + 10, 'ESTABLISHED', 'ESTABLISHED'] as const);
  const told = { ss: looks, listening: [0, 1, 2] };
  const early: Told = { ...told, js: [[60, 'server', 'server.close()']] };
  t.is(proofOf(['LISTEN', 'close'], OPENING, early), undefined);
  const late: Told = { ...told, js: [[8000, 'server', 'server.close()']] };
  t.regex(proofOf(['LISTEN', 'close'], OPENING, late)?.ss ?? '', /server\.close\(\) in between/u);
});

test('SYN-SENT, close: a destroy() after which ss still showed it is none of what ended it', (t) => {
  const ss = [
    [3, 'SYN-SENT', 'CLOSED'],
    [100, 'SYN-SENT', 'CLOSED'],
    [5000, 'CLOSED', 'CLOSED'],
  ] as const;
  const { lines } = UNANSWERED;
  t.is(proofOf(CLOSES_IN_SYN_SENT, lines, { ss, js: [[50, 'client', 'destroy()']] }), undefined);
  t.truthy(proofOf(CLOSES_IN_SYN_SENT, lines, { ss, js: [[200, 'client', 'destroy()']] }));
});

test('CLOSED, active open: a look that found no socket, or else the remark that nobody looked', (t) => {
  const arrow = ['CLOSED', 'send SYN'] as const;
  const looked = proofOf(arrow, UNANSWERED.lines, { ss: [[-4, 'CLOSED', 'CLOSED'], ...UNANSWERED.ss] });
  t.regex(looked?.ss ?? '', /^not listed 4\.8 ms before, then SYN-SENT at/u);
  t.is(looked?.remark, undefined);
  const unlooked = proofOf(arrow, UNANSWERED.lines, UNANSWERED);
  t.regex(unlooked?.ss ?? '', /^SYN-SENT at/u);
  t.is(unlooked?.remark, 'not looked at before it was made');
});

test('CLOSED, active open: a socket of the same two ends that was there before is no CLOSED', (t) => {
  const ss = [[-4, 'TIME-WAIT', 'CLOSED'], ...UNANSWERED.ss] as const;
  t.is(proofOf(['CLOSED', 'send SYN'], UNANSWERED.lines, { ss }), undefined);
});

const AGAIN = [...CLOSED.slice(0, 6), 'client ACK lost', 'server FIN,ACK seq 1 +3000 ms', 'client ACK'];

test('TIME-WAIT, FIN again: the timer has more left than before', (t) => {
  const ss = waits([2000, 'TIME-WAIT'], [3020, 'TIME-WAIT']);
  const arrow = ['TIME-WAIT', 'retransmitted FIN'] as const;
  const restarted = proofOf(arrow, AGAIN, { ss, timers: ['58sec', '59sec'] });
  t.is(restarted?.ss, 'TIME-WAIT, timer 58 s before and 59 s after');
  t.is(restarted?.remark, undefined);
  t.is(proofOf(arrow, AGAIN, { ss, timers: ['59sec', '1min'] })?.remark, undefined);
  for (const timers of [['59sec', '59sec'], ['58sec', '57sec'], ['5.123ms', '9sec'], []])
    t.is(proofOf(arrow, AGAIN, { ss, timers })?.remark, 'the timer was not seen to restart', timers.join());
});

const REPEATED = [
  ...OPENING,
  'client FIN,ACK',
  'server ACK lost',
  'client FIN,ACK seq 1 +40 ms',
  'server ACK',
];
const IN_CLOSE_WAIT = [
  [10, 'FIN-WAIT-1', 'CLOSE-WAIT'],
  [60, 'FIN-WAIT-2', 'CLOSE-WAIT'],
] as const;
const ANSWERS_IN_CLOSE_WAIT = ['CLOSE-WAIT', 'unacceptable segment'] as const;

test('unacceptable segment: what was acknowledged before, though nobody heard, is acknowledged again', (t) => {
  const proof = proofOf(ANSWERS_IN_CLOSE_WAIT, REPEATED, { ss: IN_CLOSE_WAIT });
  t.is(proof?.wire, '#6 client FIN,ACK, answered by #7 server ACK');
  t.is(proof?.ss, 'CLOSE-WAIT before and after');
});

test('unacceptable segment: not one that never arrived, a RST, anything new, or an answer with data', (t) => {
  const begun = REPEATED.slice(0, 5);
  for (const more of [
    ['client FIN,ACK seq 1 +40 ms lost', 'server ACK'],
    ['client RST seq 1 +40 ms', 'server ACK'],
    ['client ACK seq 2 +40 ms', 'server ACK'],
    ['client FIN,ACK seq 1 +40 ms', 'server ACK len 3'],
    ['client FIN,ACK seq 1 +40 ms', 'client ACK'],
  ]) {
    t.is(proofOf(ANSWERS_IN_CLOSE_WAIT, [...begun, ...more], { ss: IN_CLOSE_WAIT }), undefined, more.join());
  }
  t.is(proofOf(ANSWERS_IN_CLOSE_WAIT, REPEATED, { ss: IN_CLOSE_WAIT.slice(0, 1) }), undefined);
  t.is(proofOf(['ESTABLISHED', 'unacceptable segment'], REPEATED, { ss: IN_CLOSE_WAIT }), undefined);
});
