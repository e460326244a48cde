import test from 'ava';
import { nothingLeftOpen, states } from '../../harness/expect/expectation.ts';
import { CLOSING_BY_CLIENT, OPENING, type RunOptions } from '../support/segment-script.ts';
import { DROPS, verdictOf } from './_verdict-of.ts';

/** Segments at 1 to 7 ms; those of the close at 4 to 7 ms, 10 ms apart where a snapshot is to fit in between. */
const CLOSED = [...OPENING, ...CLOSING_BY_CLIENT];
const SLOWLY = [...OPENING, 'client FIN,ACK +10 ms', 'server ACK', 'server FIN,ACK +10 ms', 'client ACK'];

/** A snapshot in each of the states that {@link SLOWLY} leaves time for. */
const SNAPSHOTS: NonNullable<RunOptions['ss']> = [
  [5, 'ESTABLISHED', 'ESTABLISHED'],
  [16, 'FIN-WAIT-2', 'CLOSE-WAIT'],
  [30, 'TIME-WAIT', 'CLOSED'],
];

test('states is met by those states in that order, with others in between or without', (t) => {
  const all = verdictOf(states('client', 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'), SLOWLY, {
    ss: SNAPSHOTS,
  });
  t.is(all.status, 'met');
  t.is(all.reason, 'ss showed ESTABLISHED → FIN-WAIT-2 → TIME-WAIT');
  t.is(verdictOf(states('client', 'ESTABLISHED', 'TIME-WAIT'), SLOWLY, { ss: SNAPSHOTS }).status, 'met');
  t.is(verdictOf(states('server', 'CLOSE-WAIT', 'CLOSED'), SLOWLY, { ss: SNAPSHOTS }).status, 'met');
});

test('states is violated by a state that was never reached', (t) => {
  const verdict = verdictOf(states('client', 'ESTABLISHED', 'CLOSE-WAIT'), SLOWLY, { ss: SNAPSHOTS });
  t.is(verdict.status, 'violated');
  t.deepEqual(verdict.mismatches, [
    { expected: 'client in CLOSE-WAIT', observed: 'ss showed ESTABLISHED → FIN-WAIT-2 → TIME-WAIT' },
  ]);
});

test('states is violated by another order', (t) => {
  const verdict = verdictOf(states('client', 'FIN-WAIT-2', 'ESTABLISHED'), SLOWLY, { ss: SNAPSHOTS });
  t.is(verdict.status, 'violated');
});

test('a state that is named twice must be shown twice', (t) => {
  t.is(verdictOf(states('client', 'TIME-WAIT', 'TIME-WAIT'), SLOWLY, { ss: SNAPSHOTS }).status, 'violated');
});

test('states is violated when ss looked while the segments put the end there, and showed another', (t) => {
  const ss: RunOptions['ss'] = [
    [5, 'ESTABLISHED', 'ESTABLISHED'],
    [16, 'FIN-WAIT-1', 'CLOSE-WAIT'],
    [30, 'TIME-WAIT', 'CLOSED'],
  ];
  t.is(verdictOf(states('client', 'FIN-WAIT-2'), SLOWLY, { ss }).status, 'violated');
});

test('states is undetermined for a state that passed between two snapshots', (t) => {
  const verdict = verdictOf(states('client', 'FIN-WAIT-1', 'TIME-WAIT'), SLOWLY, { ss: SNAPSHOTS });
  t.is(verdict.status, 'undetermined');
  t.is(verdict.reason, 'ss showed ESTABLISHED → FIN-WAIT-2 → TIME-WAIT');
  t.deepEqual(verdict.mismatches, []);
});

test('a snapshot that only overlaps the time in a state says nothing of it', (t) => {
  // FIN-WAIT-2 from 14 to 24 ms
  const across: RunOptions['ss'] = [
    [5, 'ESTABLISHED', 'ESTABLISHED'],
    [13.9, 'FIN-WAIT-1', 'ESTABLISHED'],
    [23.9, 'TIME-WAIT', 'LAST-ACK'],
    [30, 'TIME-WAIT', 'CLOSED'],
  ];
  t.is(verdictOf(states('client', 'FIN-WAIT-2'), SLOWLY, { ss: across }).status, 'undetermined');
});

test('a snapshot is not certainly within a state when the clock’s error is larger than the distance', (t) => {
  const ss: RunOptions['ss'] = [[15, 'FIN-WAIT-1', 'CLOSE-WAIT']];
  t.is(verdictOf(states('client', 'FIN-WAIT-2'), SLOWLY, { ss }).status, 'violated');
  const unsure = verdictOf(states('client', 'FIN-WAIT-2'), SLOWLY, { ss, clockErrorNs: 1_000_001n });
  t.is(unsure.status, 'undetermined');
});

test('states is undetermined when nobody looked after the last segment', (t) => {
  const ss: RunOptions['ss'] = [[5, 'ESTABLISHED', 'ESTABLISHED']];
  t.is(
    verdictOf(states('server', 'ESTABLISHED', 'CLOSED'), CLOSED, {
      ss: [[3.2, 'ESTABLISHED', 'ESTABLISHED']],
    }).status,
    'undetermined',
  );
  t.is(verdictOf(states('server', 'ESTABLISHED', 'CLOSED'), SLOWLY, { ss }).status, 'undetermined');
});

test('states is undetermined without a snapshot', (t) => {
  const { status, reason } = verdictOf(states('client', 'ESTABLISHED'), SLOWLY);
  t.is(status, 'undetermined');
  t.is(reason, 'no snapshot at all');
});

test('a snapshot from before the connection does not show it CLOSED', (t) => {
  const ss: RunOptions['ss'] = [[0.2, 'CLOSED', 'CLOSED']];
  t.is(verdictOf(states('client', 'CLOSED'), OPENING, { ss }).status, 'undetermined');
});

test('an expectation that names no state is undetermined', (t) => {
  const nothing = { kind: 'states', side: 'client', states: [] } as const;
  t.is(verdictOf(nothing, SLOWLY, { ss: SNAPSHOTS }).status, 'undetermined');
});

test('a lost segment does not need to matter to what ss showed, only to what it did not', (t) => {
  const options = { ss: SNAPSHOTS, damage: DROPS };
  t.is(verdictOf(states('client', 'FIN-WAIT-2'), SLOWLY, options).status, 'met');
  t.is(verdictOf(states('client', 'CLOSING'), SLOWLY, options).status, 'undetermined');
});

test('nothing left open is met when neither end is listed, or only in TIME-WAIT', (t) => {
  const verdict = verdictOf(nothingLeftOpen(), SLOWLY, { ss: SNAPSHOTS });
  t.is(verdict.status, 'met');
  t.is(verdict.reason, 'ss at the end: client TIME-WAIT, server CLOSED');
  t.is(verdictOf(nothingLeftOpen(), SLOWLY, { ss: [[30, 'CLOSED', 'CLOSED']] }).status, 'met');
});

for (const state of [
  'ESTABLISHED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'CLOSE-WAIT',
  'LAST-ACK',
  'CLOSING',
  'SYN-RECEIVED',
] as const) {
  test(`nothing left open is violated by an end in ${state}`, (t) => {
    const client = verdictOf(nothingLeftOpen(), SLOWLY, { ss: [[30, state, 'CLOSED']] });
    t.is(client.status, 'violated');
    t.is(client.reason, `client still in ${state}`);
    const server = verdictOf(nothingLeftOpen(), SLOWLY, { ss: [[30, 'TIME-WAIT', state]] });
    t.is(server.reason, `server still in ${state}`);
  });
}

test('nothing left open is undetermined when ss was not asked after the last segment', (t) => {
  const early: RunOptions['ss'] = [[16, 'CLOSED', 'CLOSED']];
  t.is(verdictOf(nothingLeftOpen(), SLOWLY, { ss: early }).status, 'undetermined');
  t.is(verdictOf(nothingLeftOpen(), SLOWLY).status, 'undetermined');
});

test('nothing left open is undetermined when ss began before the last segment and ended after it', (t) => {
  // the last segment crosses at 25 ms
  const across: RunOptions['ss'] = [[24.9, 'CLOSED', 'CLOSED']];
  t.is(verdictOf(nothingLeftOpen(), SLOWLY, { ss: across }).status, 'undetermined');
});

test('nothing left open is undetermined when ss may have begun before the last segment, by the clock’s error', (t) => {
  const ss: RunOptions['ss'] = [[25.5, 'CLOSED', 'CLOSED']];
  t.is(verdictOf(nothingLeftOpen(), SLOWLY, { ss }).status, 'met');
  t.is(verdictOf(nothingLeftOpen(), SLOWLY, { ss, clockErrorNs: 500_001n }).status, 'undetermined');
});
