import test from 'ava';
import { groupSegments } from '../../harness/correlate/group-segments.ts';
import { formatEndpoint } from '../../harness/model/endpoint.ts';
import type { Segment } from '../../harness/model/segment.ts';
import { CLIENT, CLOSING_BY_CLIENT, OPENING, script, SERVER } from '../support/segment-script.ts';

const ANOTHER = { initial: { client: 90_000, server: 95_000 } };

/** `client → server: segments` of each group. */
function told(segments: readonly Segment[]): string[] {
  return groupSegments(segments).map(({ client, server, segments: { length } }) => {
    return `${formatEndpoint(client)} → ${formatEndpoint(server)}: ${length}`;
  });
}

const ONE_WAY = '127.0.0.1:40000 → 127.0.0.1:7000';

test('both directions of a pair of endpoints are one connection', (t) => {
  t.deepEqual(told(script([...OPENING, ...CLOSING_BY_CLIENT])), [`${ONE_WAY}: 7`]);
});

test('connections that overlap are told apart, in order of their first segments', (t) => {
  const first = script(OPENING);
  const second = script(OPENING, { client: { ...CLIENT, port: 40001 } });
  const mixed = first.flatMap((segment, index) => [segment, second[index] ?? segment]);
  t.deepEqual(told(mixed), [`${ONE_WAY}: 3`, '127.0.0.1:40001 → 127.0.0.1:7000: 3']);
});

test('a SYN sent again belongs to the same connection', (t) => {
  t.deepEqual(told(script(['client SYN lost', 'client SYN seq 0', 'server SYN,ACK', 'client ACK'])), [
    `${ONE_WAY}: 4`,
  ]);
});

test('a SYN with another number uses the pair again', (t) => {
  const segments = [...script([...OPENING, ...CLOSING_BY_CLIENT]), ...script(OPENING, ANOTHER)];
  t.deepEqual(told(segments), [`${ONE_WAY}: 7`, `${ONE_WAY}: 3`]);
});

test('a SYN after a refused one uses the pair again', (t) => {
  const refused = ['client SYN', 'server RST,ACK seq 0'];
  t.deepEqual(told([...script(refused), ...script(refused, ANOTHER)]), [`${ONE_WAY}: 2`, `${ONE_WAY}: 2`]);
});

test('the same pair, opened from the other side, is another connection', (t) => {
  const turned = script(OPENING, { client: SERVER, server: CLIENT, initial: { client: 1, server: 2 } });
  const other = '127.0.0.1:7000 → 127.0.0.1:40000';
  t.deepEqual(told([...script(OPENING), ...turned]), [`${ONE_WAY}: 3`, `${other}: 3`]);
  t.deepEqual(told([...script(['client SYN', 'server RST,ACK seq 0']), ...turned]), [
    `${ONE_WAY}: 2`,
    `${other}: 3`,
  ]);
});

test('a SYN behind a connection that was there before the capture opens another', (t) => {
  const segments = [...script(['client ACK len 5', 'server ACK']), ...script(OPENING, ANOTHER)];
  t.deepEqual(told(segments), [`${ONE_WAY}: 2`, `${ONE_WAY}: 3`]);
});

test('the SYNs of a simultaneous open are one connection', (t) => {
  const crossed = ['client SYN', 'server SYN', 'client SYN,ACK seq 0', 'server SYN,ACK seq 0'];
  t.deepEqual(told(script(crossed)), [`${ONE_WAY}: 4`]);
  const held = ['client SYN lost', 'client SYN seq 0 lost', 'server SYN', 'client SYN,ACK seq 0'];
  t.deepEqual(told(script(held)), [`${ONE_WAY}: 4`]);
});

test('who sends the first SYN is the client', (t) => {
  const highPort = { ...SERVER, port: 50_000 };
  t.deepEqual(told(script(OPENING, { server: highPort })), ['127.0.0.1:40000 → 127.0.0.1:50000: 3']);
});

test('without the SYN, who gets the SYN,ACK is the client', (t) => {
  t.deepEqual(told(script(['client SYN unseen', 'server SYN,ACK', 'client ACK'])), [`${ONE_WAY}: 2`]);
});

test('without any SYN, who has the higher port is the client', (t) => {
  t.deepEqual(told(script(['server ACK len 5', 'client ACK'])), [`${ONE_WAY}: 2`]);
  t.deepEqual(told(script(['client ACK len 5', 'server ACK'])), [`${ONE_WAY}: 2`]);
});

test('an IPv6 pair is a pair of its own', (t) => {
  const six = script(OPENING, {
    client: { address: '::1', port: 40000 },
    server: { address: '::1', port: 7000 },
  });
  t.deepEqual(told([...script(OPENING), ...six]), [`${ONE_WAY}: 3`, '[::1]:40000 → [::1]:7000: 3']);
});

test('no segments are no connections', (t) => {
  t.deepEqual(groupSegments([]), []);
});
