/** One view that shows record after record says of each what a view of its own says. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { analyzeCapture } from '../../harness/analyze/analyze-capture.ts';
import { openCaptureSource } from '../../harness/analyze/capture-source.ts';
import { FIELDS } from '../../harness/analyze/fields.ts';
import { rowOf } from '../../harness/analyze/row-of.ts';
import { RowView } from '../../harness/analyze/row-view.ts';
import { Engine } from '../../harness/correlate/engine.ts';
import type { ConnectionRow } from '../../harness/model/connection-row.ts';
import { SEGMENTS } from '../cli/_capture-files.ts';
import { packetOf } from '../correlate/_follow.ts';
import { CORPUS, missingCorpus } from '../support/corpus.ts';
import { requireCapability } from '../support/require.ts';
import { script } from '../support/segment-script.ts';

const LOSSY = script(
  [
    ...[
      'client SYN',
      'server SYN,ACK +40 ms',
      'client ACK',
      'client ACK len 10',
      'client ACK len 10 seq 1 +300 ms',
    ],
    ...['server ACK', 'server ACK len 700 unseen', 'client ACK len 5', 'server RST,ACK'],
  ],
  {
    client: { address: '10.1.2.3', port: 999 },
    server: { address: '2001:db8::1', port: 80 },
    fromMs: 90_000,
  },
);

function fieldsOf(row: ConnectionRow): unknown[] {
  return FIELDS.map(({ of }) => of(row));
}

test('nothing of one record is told of the next', (t) => {
  for (const predict of [true, false]) {
    let shared: RowView | undefined;
    let connections = 0;
    const engine = new Engine({
      predict,
      onFinished: (record, by) => {
        connections++;
        const fresh = new RowView(record, by, true);
        const view = (shared ??= new RowView(record, by, true)).show(record);
        t.deepEqual(fieldsOf(view), fieldsOf(fresh));
        t.deepEqual(rowOf(view), rowOf(new RowView(record, by, true)));
      },
    });
    for (const segment of [...SEGMENTS, ...LOSSY]) engine.see(packetOf(segment));
    engine.end();
    t.is(connections, 5);
  }
});

test('passing rows say what rows say that are kept', async (t) => {
  if (!requireCapability(t, 'corpus', missingCorpus('zeek'))) return;
  const folder = path.join(CORPUS, 'zeek', 'traces');
  let rows = 0;
  for (const name of readdirSync(folder)) {
    const told = async (passingRows: boolean): Promise<unknown[]> => {
      const each: unknown[] = [];
      const onRow = (row: ConnectionRow): unknown => each.push(passingRows ? fieldsOf(row) : row);
      await analyzeCapture(await openCaptureSource(path.join(folder, name)), {
        passingRows,
        communityIds: true,
        onRow,
      });
      return passingRows ? each : each.map((row) => fieldsOf(row as ConnectionRow));
    };
    const passing = await told(true);
    t.deepEqual(passing, await told(false), name);
    rows += passing.length;
  }
  t.true(rows > 0);
});
