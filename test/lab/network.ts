import test from 'ava';
import { networkEntries } from '../../harness/lab/network.ts';
import type { NetworkKind } from '../../harness/lab/protocol.ts';

const ROOT = 0;
const USER = 1000;

const CASES: readonly (readonly [wanted: NetworkKind | 'auto', uid: number, ways: readonly string[]])[] = [
  ['auto', ROOT, ['private', 'host']],
  ['auto', USER, ['private rootless', 'host']],
  ['private', ROOT, ['private']],
  ['private', USER, ['private rootless']],
  ['host', ROOT, ['host']],
  ['host', USER, ['host']],
];

for (const [wanted, uid, ways] of CASES) {
  test(`${uid === ROOT ? 'root' : 'an ordinary user'} who wants ${wanted} tries ${ways.join(', then ')}`, (t) => {
    const entries = networkEntries(wanted, uid);
    t.deepEqual(
      entries.map(({ network, rootless }) => (rootless ? `${network} rootless` : network)),
      ways,
    );
  });
}

test('without root a user namespace keeps the user’s own uid: tcpdump as its root would drop to another', (t) => {
  const [entry] = networkEntries('private', USER);
  t.true(entry?.prefix.includes('--map-current-user'));
  t.false(networkEntries('private', ROOT)[0]?.prefix.includes('--user'));
});
