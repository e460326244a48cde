import test from 'ava';
import { renderZeekJsonRow, renderZeekLogHeader, renderZeekLogRow } from '../../harness/report/zeek-log.ts';
import type { ZeekLogRow } from '../../harness/model/zeek-log-row.ts';

const ROW: ZeekLogRow = {
  startSeconds: 1_300_475_167,
  startNanoseconds: 96_535_999,
  uid: 'CmWOt6VWaNGqXYcH6f',
  origHost: '192.168.1.102',
  origPort: 49_202,
  respHost: '2001:db8::1',
  respPort: 443,
  duration: 0.1623094,
  origBytes: 352,
  respBytes: 1_320_211,
  connState: 'SF',
  missedBytes: 0,
  history: 'ShADadFf',
  origPkts: 127,
  origIpBytes: 6964,
  respPkts: 962,
  respIpBytes: 1_370_247,
  communityId: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=',
};

/** What zeek-cut would make of a row. */
function parse(line: string): Record<string, string | undefined> {
  const fields = /^#fields\t(.*)$/m.exec(renderZeekLogHeader())?.[1]?.split('\t') ?? [];
  const values = line.trimEnd().split('\t');
  return Object.fromEntries(fields.map((field, index) => [field, values[index]]));
}

test('the header says how to read the rows', (t) => {
  const lines = renderZeekLogHeader().split('\n');
  t.deepEqual(lines.slice(0, 5), [
    '#separator \\x09',
    '#set_separator\t,',
    '#empty_field\t(empty)',
    '#unset_field\t-',
    '#path\tconn',
  ]);
  t.is(lines[5]?.split('\t').length, lines[6]?.split('\t').length);
  t.is(lines[6]?.split('\t').slice(0, 5).join(' '), '#types time string addr port');
  t.is(lines.at(-1), '');
});

test('a row has a value for each field, unset ones as -', (t) => {
  const { ts, duration, service, ...others } = parse(renderZeekLogRow(ROW));
  t.is(ts, '1300475167.096535');
  t.is(duration, '0.162309');
  t.is(service, '-');
  t.is(others['id.resp_h'], '2001:db8::1');
  t.is(others['history'], 'ShADadFf');
  t.is(others['community_id'], ROW.communityId);
  t.true(Object.values(others).every((value) => value !== undefined));
});

test('a connection of one packet has no duration and no byte counts', (t) => {
  const single = { ...ROW, duration: undefined, origBytes: undefined, respBytes: undefined, history: '' };
  const { duration, orig_bytes, history, orig_pkts } = parse(renderZeekLogRow(single));
  t.deepEqual([duration, orig_bytes, history, orig_pkts], ['-', '-', '-', '127']);
  const json = JSON.parse(renderZeekJsonRow(single)) as Record<string, unknown>;
  for (const field of ['duration', 'orig_bytes', 'resp_bytes', 'history', 'service']) t.false(field in json);
});

test('text that would break a line, or pass for unset or empty, is escaped', (t) => {
  const service = (text: string): string | undefined =>
    parse(renderZeekLogRow({ ...ROW, service: text }))['service'];
  t.is(service('a\tb\nc\\d\x1b'), 'a\\x09b\\x0ac\\x5cd\\x1b');
  t.is(service('é'), '\\xc3\\xa9');
  t.is(service('-'), '\\x2d');
  t.is(service('(empty)'), '\\x28empty)');
  t.is(service(''), '(empty)');
});

test('the JSON row is one line of Zeek’s names, numbers as numbers', (t) => {
  const text = renderZeekJsonRow({ ...ROW, service: 'x\u202e\x1b' });
  t.regex(text, /^\{"ts":1300475167\.096535,[\x20-\x7e]*\}\n$/);
  t.deepEqual(JSON.parse(text), {
    ts: 1_300_475_167.096535,
    uid: ROW.uid,
    'id.orig_h': ROW.origHost,
    'id.orig_p': ROW.origPort,
    'id.resp_h': ROW.respHost,
    'id.resp_p': ROW.respPort,
    proto: 'tcp',
    service: 'x\u202e\x1b',
    duration: 0.162309,
    orig_bytes: ROW.origBytes,
    resp_bytes: ROW.respBytes,
    conn_state: 'SF',
    missed_bytes: 0,
    history: 'ShADadFf',
    orig_pkts: ROW.origPkts,
    orig_ip_bytes: ROW.origIpBytes,
    resp_pkts: ROW.respPkts,
    resp_ip_bytes: ROW.respIpBytes,
    community_id: ROW.communityId,
  });
});
