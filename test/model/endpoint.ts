import test from 'ava';
import { formatEndpoint, plainAddress, sameEndpoint } from '../../harness/model/endpoint.ts';

test('an IPv4 endpoint is written address:port', (t) => {
  t.is(formatEndpoint({ address: '127.0.0.1', port: 7000 }), '127.0.0.1:7000');
});

test('an IPv6 address stands in brackets', (t) => {
  t.is(formatEndpoint({ address: '::1', port: 7000 }), '[::1]:7000');
  t.is(formatEndpoint({ address: 'fe80::1', port: 0 }), '[fe80::1]:0');
});

test('endpoints are the same when address and port are', (t) => {
  const one = { address: '::1', port: 7000 };
  t.true(sameEndpoint(one, { ...one }));
  t.false(sameEndpoint(one, { ...one, port: 7001 }));
  t.false(sameEndpoint(one, { ...one, address: '::2' }));
});

test('an IPv4-mapped address is made plain, in either case', (t) => {
  t.is(plainAddress('::ffff:127.0.0.1'), '127.0.0.1');
  t.is(plainAddress('::FFFF:10.0.0.9'), '10.0.0.9');
});

for (const address of [
  '127.0.0.1',
  '::1',
  '::',
  'fe80::1',
  '::ffff:7f00:1',
  '64:ff9b::127.0.0.1',
  '::fffe:127.0.0.1',
]) {
  test(`${address} stays as it is`, (t) => {
    t.is(plainAddress(address), address);
  });
}
