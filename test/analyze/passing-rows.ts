/** Rows that are read when they are asked for say what rows say that are kept. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { analyzeCapture } from '../../harness/analyze/analyze-capture.ts';
import { openCaptureSource } from '../../harness/analyze/capture-source.ts';
import { FIELDS } from '../../harness/analyze/fields.ts';
import { rowOf } from '../../harness/analyze/row-of.ts';
import { RowView } from '../../harness/analyze/row-view.ts';
import type { ConnectionRow } from '../../harness/model/connection-row.ts';
import { CORPUS, missingCorpus } from '../support/corpus.ts';
import { requireCapability } from '../support/require.ts';

/** @param read what is taken of each row, while it is right */
async function told<Taken>(
  file: string,
  passingRows: boolean,
  read: (row: ConnectionRow) => Taken,
): Promise<Taken[]> {
  const taken: Taken[] = [];
  await analyzeCapture(await openCaptureSource(file), {
    passingRows,
    communityIds: true,
    onRow: (row) => taken.push(read(row)),
  });
  return taken;
}

test('passing rows say the same, in every field', async (t) => {
  if (!requireCapability(t, 'corpus', missingCorpus('zeek'))) return;
  const folder = path.join(CORPUS, 'zeek', 'traces');
  let rows = 0;
  for (const name of readdirSync(folder)) {
    const file = path.join(folder, name);
    const fields = (row: ConnectionRow): unknown[] => FIELDS.map(({ of }) => of(row));
    const passing = await told(file, true, fields);
    t.deepEqual(passing, await told(file, false, fields), name);
    rows += passing.length;
    const kept = await told(file, false, (row) => row);
    const copied = await told(file, true, (row) => (row instanceof RowView ? rowOf(row) : undefined));
    t.deepEqual(copied, kept, name);
  }
  t.true(rows > 0);
});
