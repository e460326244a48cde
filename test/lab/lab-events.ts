import test from 'ava';
import { LabEvents } from '../../harness/lab/lab-events.ts';
import { Recording } from '../../harness/lab/recording.ts';
import type { Damage } from '../../harness/model/evidence.ts';
import type { JsReport } from '../../harness/model/observation.ts';

function recordingOn(port: number): Recording {
  return new Recording({ address: '127.0.0.1', port });
}

function damageOf(recording: Recording): readonly string[] {
  return recording.evidence([], []).damage.map(({ detail }) => detail);
}

function damage(kind: Damage['kind'], detail: string): Damage {
  return { lane: kind === 'reports-lost' ? 'node' : 'wire', kind, detail };
}

const CLOSE: JsReport = { atNs: 1n, kind: 'event', name: 'close' };

test('damage that lasts is in recordings that begin later, damage that has passed is not', (t) => {
  const events = new LabEvents();
  const during = recordingOn(1);
  events.addRecording(during);
  events.damage(damage('kernel-drops', '3 packets dropped'));
  events.damage(damage('capture-ended', 'tcpdump ended'));
  const later = recordingOn(2);
  events.addRecording(later);
  t.deepEqual(damageOf(during), ['3 packets dropped', 'tcpdump ended']);
  t.deepEqual(damageOf(later), ['tcpdump ended']);
});

test('damage that grows is told once, with its newest detail; two peers that end are two losses', (t) => {
  const events = new LabEvents();
  const recording = recordingOn(1);
  events.addRecording(recording);
  events.damage(damage('undecodable', '1 packet'));
  events.damage(damage('undecodable', '2 packets'));
  events.damage(damage('reports-lost', 'the client peer ended'));
  events.damage(damage('reports-lost', 'the server peer ended'));
  t.deepEqual(damageOf(recording), ['2 packets', 'the client peer ended', 'the server peer ended']);
});

test('reports go to the socket’s owner, up to its close; what nobody owns is dropped', (t) => {
  const events = new LabEvents();
  const recording = recordingOn(1);
  events.ownSocket('client', '1', { recording, side: 'client' });
  events.report('server', '1', CLOSE);
  events.report('client', '2', CLOSE);
  t.is(recording.reports.length, 0);
  events.report('client', '1', CLOSE);
  events.report('client', '1', CLOSE);
  t.deepEqual(recording.reports, [{ side: 'client', report: CLOSE, socket: 'client 1' }]);
});

test('what a server accepted before a recording began is not that recording’s', (t) => {
  const events = new LabEvents();
  const [first, second] = [recordingOn(1), recordingOn(1)];
  events.addServer(7, () => undefined);
  events.followServer(7, first);
  events.accepted(7, '7/1', undefined);
  events.followServer(7, second);
  events.accepted(7, '7/2', undefined);
  events.report('server', '7/1', CLOSE);
  events.report('server', '7/2', CLOSE);
  const socketsOf = (recording: Recording): unknown => recording.reports.map(({ socket }) => socket);
  t.deepEqual(socketsOf(first), ['server 7/1', 'server 7/2']);
  t.deepEqual(socketsOf(second), ['server 7/2']);
});

test('a recording that is removed gets no report any more, of whichever socket', (t) => {
  const events = new LabEvents();
  const [removed, other] = [recordingOn(1), recordingOn(2)];
  for (const recording of [removed, other]) events.addRecording(recording);
  events.ownSocket('client', '1', { recording: removed, side: 'client' });
  events.ownSocket('server', '1', { recording: removed, side: 'server' });
  events.ownSocket('client', '2', { recording: other, side: 'client' });
  events.removeRecording(removed);
  events.report('client', '1', CLOSE);
  events.report('server', '1', CLOSE);
  events.report('client', '2', CLOSE);
  t.deepEqual([removed.reports.length, other.reports.length], [0, 1]);
});

test('the end of the agent fails every wait and ends every program', async (t) => {
  const events = new LabEvents();
  const recording = recordingOn(1);
  events.addRecording(recording);
  const ended: unknown[] = [];
  events.onProgram(1, { output: () => undefined, ended: (...args) => ended.push(args) });
  const waiting = recording.changed();
  events.agentEnded();
  await t.throwsAsync(waiting, { code: 'ERR_FINWAIT_PROCESS_ENDED' });
  await t.throwsAsync(recording.changed(), { code: 'ERR_FINWAIT_PROCESS_ENDED' });
  t.deepEqual(ended, [[undefined, 'SIGKILL']]);
});

test('a recording holds on to gates that held during its life, not to those released before', (t) => {
  const gate = { source: {}, destination: {}, flags: 1, fromNs: 0n };
  const before = { ...gate, toNs: 1n, releasedNs: process.hrtime.bigint() };
  const recording = recordingOn(1);
  const during = { ...gate, toNs: 1n, releasedNs: process.hrtime.bigint() };
  const releasing = { ...gate, toNs: 1n };
  const kept = [during, releasing, gate];
  t.deepEqual(recording.evidence([], [before, ...kept]).holds, kept);
});
