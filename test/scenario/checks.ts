/** What the catalogue's own checks say of conversations that were told, also where evidence is missing. */
import test from 'ava';
import { type Check, judgeCheck } from '../../harness/scenario/check.ts';
import { endIsCalledBy, reads, serverNeverCloses } from '../../harness/scenario/checks.ts';
import type { VerdictStatus } from '../../harness/model/verdict.ts';
import type { JsReport } from '../../harness/model/observation.ts';
import type { Side } from '../../harness/model/connection.ts';
import { OPENING, timelineOf } from '../support/segment-script.ts';

type Told = readonly [side: Side, report: Omit<JsReport, 'atNs'>];

function statusOf(check: Check, ...told: readonly Told[]): VerdictStatus {
  const timeline = timelineOf(OPENING);
  const [first] = timeline.connections;
  const js = told.map(([side, report], index) => {
    const atNs = BigInt(index);
    return { side, atNs, report: { ...report, atNs } };
  });
  const connection = first && { ...first, js };
  return judgeCheck(check, { connection, connections: {}, timeline, notes: {} }).status;
}

const CALL: Told = ['server', { kind: 'call', name: 'server.close', by: 'program' }];
const CLOSE: Told = ['server', { kind: 'event', name: 'server:close' }];
const data = (bytes: number): Told => ['server', { kind: 'event', name: 'data', bytes }];

test('that server.close() comes to no end is known only where the call was seen', (t) => {
  t.is(statusOf(serverNeverCloses()), 'undetermined');
  t.is(statusOf(serverNeverCloses(), CALL), 'met');
  t.is(statusOf(serverNeverCloses(), CALL, CLOSE), 'violated');
});

test('octets are counted of a program that was watched', (t) => {
  t.is(statusOf(reads('server', 5)), 'undetermined');
  t.is(statusOf(reads('server', 5), data(2), data(3)), 'met');
  t.is(statusOf(reads('server', 5), data(2)), 'violated');
});

test('an end() by the program, however soon, is not Node’s', (t) => {
  const end = (by: 'program' | 'node'): Told => ['server', { kind: 'call', name: 'end', by }];
  t.is(statusOf(endIsCalledBy('server', 'node'), end('node')), 'met');
  t.is(statusOf(endIsCalledBy('server', 'node'), end('program')), 'violated');
});
