import test from 'ava';
import { featuresOf, type JsonRun } from '../../bench/run-features.ts';

const FIN_ACK = 0x11;

function runOf(changes: Partial<JsonRun['connections'][string]> = {}, run: Partial<JsonRun> = {}): JsonRun {
  const main = { segments: [], js: [], summary: { ending: 'closed', firstCloser: 'client' }, ...changes };
  return { scenario: 'told', status: 'met', verdicts: [], connections: { main }, ...run };
}

test('how it ended, and the verdicts that were not met', (t) => {
  t.is(featuresOf(runOf())['main: how it ended'], 'closed, closed first by client, reset by nobody');
  const verdicts = [
    { title: 'handshake', status: 'met', reason: 'frames 1, 2, 3' },
    { title: 'orderly close', status: 'violated', reason: 'a RST' },
  ];
  t.is(featuresOf(runOf({}, { status: 'violated', verdicts }))['status'], 'violated; orderly close: a RST');
});

test('a side’s events and Node’s calls once each, without what the program called or how often', (t) => {
  const js = [
    { side: 'client', report: { kind: 'call', name: 'end', by: 'program' } },
    { side: 'client', report: { kind: 'event', name: 'data' } },
    { side: 'client', report: { kind: 'event', name: 'data' } },
    { side: 'client', report: { kind: 'event', name: 'error', code: 'EPIPE' } },
    { side: 'client', report: { kind: 'call', name: 'destroy', by: 'node' } },
    { side: 'server', report: { kind: 'event', name: 'end' } },
  ];
  const features = featuresOf(runOf({ js }));
  t.is(features['main: client’s events and Node’s own calls'], 'data, error EPIPE, destroy()');
  t.is(features['main: server’s events and Node’s own calls'], 'end');
});

test('FINs and RSTs of each side, without those that were sent again: that is the kernel’s timing', (t) => {
  const segments = [
    { from: 'client', retransmission: false, segment: { flags: FIN_ACK } },
    { from: 'client', retransmission: true, segment: { flags: FIN_ACK } },
    { from: 'server', retransmission: false, segment: { flags: 0x14 } },
  ];
  const features = featuresOf(runOf({ segments }));
  t.is(features['main: client’s FINs and RSTs'], '1 FIN, 0 RST');
  t.is(features['main: server’s FINs and RSTs'], '0 FIN, 1 RST');
});
