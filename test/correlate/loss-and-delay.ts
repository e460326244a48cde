import test, { type ExecutionContext } from 'ava';
import type { LossAndDelayFigures } from '../../harness/correlate/loss-and-delay.ts';
import { Exchange } from './_wireshark-exchange.ts';

function client({ loss, stream }: Exchange): LossAndDelayFigures {
  return loss.figures(0, stream);
}

function server({ loss, stream }: Exchange): LossAndDelayFigures {
  return loss.figures(1, stream);
}

function near(t: ExecutionContext, observed: number | undefined, expected: number): void {
  t.true(
    observed !== undefined && Math.abs(observed - expected) < 1e-9,
    `${String(observed)} is not ${expected}`,
  );
}

test('round trips are those of the SYN, the SYN,ACK and of one segment at a time', (t) => {
  const exchange = Exchange.established();
  exchange.client({ bytes: 10 });
  exchange.client({ bytes: 10, after: 5 });
  exchange.server({ after: 25 });
  const { roundTrip } = client(exchange);
  t.is(roundTrip?.samples, 2);
  near(t, roundTrip?.minSeconds, 0.03);
  near(t, roundTrip?.medianSeconds, 0.04);
  near(t, roundTrip?.maxSeconds, 0.05);
  t.is(server(exchange).roundTrip?.samples, 1);
});

test('no round trip is taken from what was sent again', (t) => {
  const exchange = Exchange.established();
  exchange.client({ bytes: 10 });
  exchange.client({ seq: 1, bytes: 10, after: 200 });
  exchange.server({ after: 1 });
  t.is(client(exchange).roundTrip?.samples, 1, 'the SYN’s');
  t.is(client(exchange).retransmissions.timeout, 1);
});

test('a connection without acknowledgment has no round trip', (t) => {
  const exchange = new Exchange();
  exchange.client({ flags: 'SYN' });
  t.is(client(exchange).roundTrip, undefined);
});

test('the median is exact up to 128 samples and near beyond', (t) => {
  for (const samples of [1, 2, 3, 4, 5, 16, 17, 33, 100, 127]) {
    const exchange = new Exchange();
    const times: number[] = [];
    for (let sample = 0; sample < samples; sample += 1) {
      const after = 1 + ((sample * 37) % 101);
      times.push(after / 1000);
      exchange.client({ bytes: 1 });
      exchange.server({ after });
    }
    times.sort((a, b) => a - b);
    const middle =
      ((times[Math.floor((samples - 1) / 2)] ?? 0) + (times[Math.ceil((samples - 1) / 2)] ?? 0)) / 2;
    const { roundTrip } = client(exchange);
    t.is(roundTrip?.samples, samples);
    near(t, roundTrip?.medianSeconds, middle);
    near(t, roundTrip?.minSeconds, times[0] ?? 0);
    near(t, roundTrip?.maxSeconds, times.at(-1) ?? 0);
  }
  const long = new Exchange();
  for (let sample = 0; sample < 10_000; sample += 1) {
    long.client({ bytes: 1 });
    long.server({ after: 1 + (sample % 1000) });
  }
  const median = client(long).roundTrip?.medianSeconds ?? 0;
  t.true(median > 0.35 && median < 0.65, String(median));
});

test('retransmissions are split into timeout, fast and spurious', (t) => {
  const exchange = Exchange.established();
  for (let sent = 0; sent < 4; sent += 1) exchange.client({ bytes: 10, after: 1 });
  for (let acks = 0; acks < 3; acks += 1) exchange.server({ ack: 11, after: 1 });
  exchange.client({ seq: 11, bytes: 10, after: 1 });
  exchange.client({ seq: 11, bytes: 10, after: 300 });
  exchange.client({ seq: 1, bytes: 10, after: 300 });
  t.deepEqual(client(exchange).retransmissions, { timeout: 1, fast: 1, spurious: 1 });
  t.is(server(exchange).duplicateAcks, 2);
});

test('a closed window is timed until it opens, until a RST, or until now', (t) => {
  const exchange = Exchange.established();
  exchange.server({ window: 0 });
  exchange.server({ window: 0, after: 400 });
  near(t, server(exchange).zeroWindow.seconds, 0.4);
  exchange.server({ window: 100, after: 100 });
  exchange.server({ window: 0, after: 1000 });
  exchange.client({ flags: 'RST', after: 250 });
  exchange.client({ flags: 'RST', after: 1000 });
  t.is(server(exchange).zeroWindow.times, 2);
  near(t, server(exchange).zeroWindow.seconds, 0.75);
});

test('octets that were skipped and came later are not lost', (t) => {
  const exchange = Exchange.established();
  exchange.client({ seq: 11, bytes: 10 });
  t.is(client(exchange).lostOctets, 10);
  exchange.client({ seq: 4, bytes: 4 });
  t.is(client(exchange).lostOctets, 6, 'a hole is filled in its middle');
  exchange.client({ seq: 1, bytes: 10 });
  t.is(client(exchange).lostOctets, 0);
  exchange.server();
  t.is(client(exchange).capture.missedOctets, 0);
});

test('octets that were acknowledged and never seen speak of the capture', (t) => {
  const exchange = Exchange.established();
  exchange.client({ seq: 11, bytes: 10 });
  exchange.server({ ack: 21 });
  t.is(client(exchange).lostOctets, 0);
  t.is(client(exchange).capture.missedOctets, 10);
  exchange.server({ ack: 31 });
  t.is(client(exchange).capture.missedOctets, 20);
  t.is(server(exchange).capture.acksOfUnseen, 2);
});

test('more holes than are followed stay lost octets', (t) => {
  const exchange = Exchange.established();
  for (let hole = 1; hole <= 100; hole += 1) exchange.client({ seq: hole * 20, bytes: 10, after: 200 });
  t.is(client(exchange).lostOctets, 19 + 99 * 10);
  exchange.client({ seq: 2000 - 10, bytes: 10, after: 1 });
  t.is(client(exchange).lostOctets, 19 + 98 * 10);
});

test('a leap that no window admits is no gap', (t) => {
  const exchange = Exchange.established();
  exchange.client({ seq: 2 ** 30 + 2, bytes: 10 });
  t.is(client(exchange).lostOctets, 0);
});

test('after a reset, the figures are those of a new connection', (t) => {
  const used = Exchange.established();
  used.client({ seq: 50, bytes: 10 });
  used.server({ window: 0 });
  used.client({ flags: 'FIN,ACK' });
  used.loss.reset();
  used.stream.reset();
  const fresh = new Exchange();
  t.deepEqual(client(used), client(fresh));
  t.deepEqual(server(used), server(fresh));
});
