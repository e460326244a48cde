import test from 'ava';
import { PortRange } from '../../harness/lab/port-range.ts';

function taken(): never {
  throw Object.assign(new Error('taken'), { code: 'EADDRINUSE' });
}

test('ports are used in order, and again only when all have been', async (t) => {
  const range = new PortRange(7000, 3);
  const used: number[] = [];
  for (let times = 0; times < 4; times++) used.push(await range.take((port) => Promise.resolve(port)));
  t.deepEqual(used, [7000, 7001, 7002, 7000]);
});

test('a port that another program has is passed over', async (t) => {
  const range = new PortRange(7000, 3);
  t.is(await range.take(async (port) => Promise.resolve(port === 7000 ? taken() : port)), 7001);
});

test('with every port taken the error comes through, each having been tried once', async (t) => {
  const range = new PortRange(7000, 3);
  const tried: number[] = [];
  const taking = range.take(async (port) => {
    tried.push(port);
    return Promise.resolve(taken());
  });
  await t.throwsAsync(taking, { code: 'EADDRINUSE' });
  t.deepEqual(tried, [7000, 7001, 7002]);
});

test('an error that is not about the port is not tried again', async (t) => {
  const range = new PortRange(7000, 3);
  let tries = 0;
  const taking = range.take(() => {
    tries++;
    throw new TypeError('no such behaviour');
  });
  await t.throwsAsync(taking, { instanceOf: TypeError });
  t.is(tries, 1);
});

test('on the host the range lies below the ephemeral ports, wherever chance puts it', (t) => {
  for (const random of [0, 0.5, 0.999_999]) {
    const { first, last } = PortRange.anywhere([32_768, 60_999], () => random);
    t.true(first >= 10_000 && last < 32_768);
    t.is(last - first, 199);
  }
});

test('where no range fits below the ephemeral ports it lies above them', (t) => {
  for (const random of [0, 0.5, 0.999_999]) {
    const { first, last } = PortRange.anywhere([1024, 60_999], () => random);
    t.true(first > 60_999 && last <= 65_535);
  }
  t.is(PortRange.anywhere([10_200, 60_999]).first, 10_000);
});

test('where the ephemeral ports leave no room the range still lies where chance puts it', (t) => {
  const ranges = [0, 0.5, 0.999_999].map((random) => PortRange.anywhere([1024, 65_535], () => random));
  t.deepEqual(
    ranges.map(({ first }) => first),
    [10_000, 37_668, 65_336],
  );
  t.is(ranges.at(-1)?.last, 65_535);
});

test('in a private network the range lies below the ephemeral ports of a new network', (t) => {
  const { last } = PortRange.ofPrivateNetwork();
  t.true(last < 32_768);
});
