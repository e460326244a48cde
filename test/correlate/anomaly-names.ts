import { readFileSync } from 'node:fs';
import test from 'ava';
import { namesOf } from '../../harness/correlate/anomaly-names.ts';
import { OPENING, script } from '../support/segment-script.ts';
import { anomaliesOf } from './_follow.ts';

const EXAMPLES: Readonly<Record<string, readonly [lines: readonly string[], name: string]>> = {
  'data before established': [
    ['client SYN', 'client PSH len 5', 'server SYN,ACK'],
    'data_before_established',
  ],
  'data after its own RST': [[...OPENING, 'client RST seq 1', 'client ACK len 5'], 'data_after_reset'],
  'FIN after its own RST': [[...OPENING, 'client RST seq 1', 'client FIN,ACK'], 'FIN_after_reset'],
  'SYN with FIN': [['client SYN,FIN'], 'fin_syn'],
  'SYN with RST': [['client SYN,RST'], 'TCP_christmas'],
  'another FIN behind the first': [[...OPENING, 'client FIN,ACK', 'client FIN,ACK'], 'FIN_advanced_last_seq'],
  'SYN,ACK that does not acknowledge the SYN': [
    ['client SYN', 'server SYN,ACK ack -50', 'server SYN,ACK seq 0 ack 1'],
    'bad_SYN_ack',
  ],
  'send FIN in SYN-SENT': [['client SYN', 'client FIN'], 'inappropriate_FIN'],
  'SYN inside the connection': [
    [...OPENING, 'server ACK len 5', 'client ACK', 'server SYN,ACK seq 900'],
    'SYN_inside_connection',
  ],
  'RST out of sequence': [[...OPENING, 'client RST seq 77'], 'RST out of sequence'],
};

for (const [what, [lines, name]] of Object.entries(EXAMPLES)) {
  test(`an anomaly has the name that others know it by: ${what}, ${name}`, (t) => {
    const found = anomaliesOf(script(lines)).find((anomaly) => anomaly.what === what);
    t.is(found?.name, name, JSON.stringify(anomaliesOf(script(lines))));
  });
}

test('an anomaly says who sent the first such segment, its frame, and how many there were', (t) => {
  const lines = [...OPENING, 'client RST seq 77', 'client RST seq 78', 'server ACK len 1'];
  t.deepEqual(anomaliesOf(script(lines)), [
    { name: 'RST out of sequence', what: 'RST out of sequence', from: 'client', frame: 4, times: 2 },
  ]);
});

test('docs/analyze.md has the names', (t) => {
  const text = readFileSync('docs/analyze.md', 'utf8');
  const section = text.slice(text.indexOf('### Anomalies'), text.indexOf('What the capture itself did'));
  const rows = [...section.matchAll(/^\| ([^|`]+?) *\| (?:`(\w+)`)? *\| (?:`(\w+)`)? *\|$/gm)].slice(1);
  t.true(rows.length > 20);
  for (const [, words = '', zeek, suricata] of rows) {
    const what = words.split(/, (?=in |FIN-)/)[0] ?? '';
    const names = namesOf(what);
    t.deepEqual([names.zeek, names.suricata], [zeek, suricata], what);
  }
});
