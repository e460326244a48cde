import test from 'ava';
import { observedStates } from '../../harness/correlate/observed-states.ts';
import type { ObservedState } from '../../harness/model/connection.ts';
import {
  atNs,
  CLIENT,
  connectionOf,
  EPOCH_NS,
  OPENING,
  run,
  SERVER,
  type ScriptedSnapshot,
} from '../support/segment-script.ts';

const ENDS = { client: CLIENT, server: SERVER };
const ERROR_NS = 1000n;

/** The client's states, in the snapshots' order. */
function clientStates(ss: readonly ScriptedSnapshot[], span = { beganAtNs: atNs(1) }): ObservedState[] {
  const clock = { offsetNs: EPOCH_NS, errorNs: ERROR_NS };
  return observedStates('client', ENDS, run(OPENING, { ss }).snapshots, clock, span);
}

test('snapshots that agree are one state, with every sample', (t) => {
  const [state, ...others] = clientStates([
    [2, 'ESTABLISHED', 'ESTABLISHED'],
    [5, 'ESTABLISHED', 'CLOSE-WAIT'],
  ]);
  t.deepEqual(others, []);
  t.is(state?.state, 'ESTABLISHED');
  t.deepEqual(state?.samples, [
    { fromNs: atNs(2) - ERROR_NS, toNs: atNs(2.2) + ERROR_NS },
    { fromNs: atNs(5) - ERROR_NS, toNs: atNs(5.2) + ERROR_NS },
  ]);
  t.is(state?.lastSeenNs, atNs(5.2) + ERROR_NS);
});

test('the change into a state lies between the snapshot before and the first that shows it', (t) => {
  const [first, second] = clientStates([
    [2, 'ESTABLISHED', 'ESTABLISHED'],
    [5, 'ESTABLISHED', 'ESTABLISHED'],
    [9, 'FIN-WAIT-2', 'CLOSE-WAIT'],
  ]);
  t.is(first?.earliestNs, atNs(1), 'the connection’s first segment');
  t.is(first?.latestNs, atNs(2.2) + ERROR_NS);
  t.is(second?.earliestNs, atNs(5) - ERROR_NS);
  t.is(second?.latestNs, atNs(9.2) + ERROR_NS);
});

test('a socket that is not listed is CLOSED', (t) => {
  const states = clientStates([
    [2, 'ESTABLISHED', 'ESTABLISHED'],
    [5, 'CLOSED', 'ESTABLISHED'],
  ]);
  t.deepEqual(
    states.map(({ state }) => state),
    ['ESTABLISHED', 'CLOSED'],
  );
});

test('a state that comes again is told again', (t) => {
  const states = clientStates([
    [2, 'CLOSED', 'CLOSED'],
    [5, 'SYN-SENT', 'CLOSED'],
    [8, 'CLOSED', 'CLOSED'],
  ]);
  t.deepEqual(
    states.map(({ state }) => state),
    ['CLOSED', 'SYN-SENT', 'CLOSED'],
  );
});

test('snapshots before the first segment say nothing', (t) => {
  t.deepEqual(clientStates([[0.5, 'CLOSED', 'CLOSED']]), []);
});

test('a snapshot that may have been before the first segment, by the clock’s error, says nothing', (t) => {
  t.deepEqual(clientStates([[1.0005, 'CLOSED', 'CLOSED']]), []);
  t.is(clientStates([[1.001, 'CLOSED', 'CLOSED']]).length, 1);
});

test('a snapshot that may show the next connection of the same ends says nothing of this one', (t) => {
  const span = { beganAtNs: atNs(1), nextBeganAtNs: atNs(8) };
  const ss: readonly ScriptedSnapshot[] = [
    [5, 'TIME-WAIT', 'CLOSED'],
    [7.9, 'SYN-SENT', 'CLOSED'],
    [9, 'ESTABLISHED', 'ESTABLISHED'],
  ];
  t.deepEqual(
    clientStates(ss, span).map(({ state }) => state),
    ['TIME-WAIT'],
  );
});

test('Recv-Q is that of the last snapshot which showed the state', (t) => {
  const states = clientStates([
    [2, ['ESTABLISHED', 5], 'ESTABLISHED'],
    [5, ['ESTABLISHED', 14], 'ESTABLISHED'],
    [9, 'CLOSED', 'CLOSED'],
  ]);
  t.deepEqual(
    states.map(({ receiveQueue }) => receiveQueue),
    [14, undefined],
  );
});

test('each side is looked up by its own end, in order of time', (t) => {
  const { observedStates: states } = connectionOf(OPENING, {
    ss: [
      [4, 'ESTABLISHED', 'SYN-RECEIVED'],
      [6, 'ESTABLISHED', 'ESTABLISHED'],
    ],
  });
  t.deepEqual(
    states.map(({ side, state }) => `${side} ${state}`),
    ['client ESTABLISHED', 'server SYN-RECEIVED', 'server ESTABLISHED'],
  );
});
