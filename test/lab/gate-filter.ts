import test from 'ava';
import { matchText } from '../../harness/lab/gate-text.ts';
import type { GateFilter } from '../../harness/lab/protocol.ts';

const CASES: readonly (readonly [filter: GateFilter, words: string])[] = [
  [{}, 'meta l4proto tcp'],
  [{ flags: 'FIN' }, 'meta l4proto tcp tcp flags & 1 == 1'],
  [{ flags: 'SYN,ACK' }, 'meta l4proto tcp tcp flags & 18 == 18'],
  [{ source: { port: 7000 } }, 'meta l4proto tcp tcp sport 7000'],
  [{ destination: { address: '127.0.0.1', port: 0 } }, 'meta l4proto tcp ip daddr 127.0.0.1 tcp dport 0'],
  [{ source: { address: '::1' } }, 'meta l4proto tcp ip6 saddr ::1'],
];

for (const [filter, words] of CASES) {
  test(`${JSON.stringify(filter)} is "${words}" to nft`, (t) => {
    t.is(matchText(filter), words);
  });
}
