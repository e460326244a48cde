import test from 'ava';
import { zeekUid } from '../../harness/analyze/zeek-uid.ts';

test('a uid looks like Zeek’s, and is the same whenever the run is read again', (t) => {
  t.regex(zeekUid('a.pcap', 1), /^C[0-9A-Za-z]{17}$/);
  t.is(zeekUid('a.pcap', 1), zeekUid('a.pcap', 1));
});

test('no two connections share a uid, in a run or between runs', (t) => {
  const uids = new Set<string>();
  for (const run of ['a.pcap', 'a.pcap1', 'b.pcap']) {
    for (let ordinal = 1; ordinal <= 1000; ordinal += 1) uids.add(zeekUid(run, ordinal));
  }
  t.is(uids.size, 3000);
});
