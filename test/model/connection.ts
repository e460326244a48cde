import test from 'ava';
import { otherSide } from '../../harness/model/connection.ts';
import { TCP_STATES } from '../../harness/model/tcp-state.ts';

test('each side has the other', (t) => {
  t.is(otherSide('client'), 'server');
  t.is(otherSide('server'), 'client');
});

test('the states are the eleven of RFC 9293 §3.3.2', (t) => {
  t.is(new Set(TCP_STATES).size, 11);
});
