/** The short way and the long one: every capture of the corpus gives the same rows with prediction and without. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { analyzeCapture } from '../../harness/analyze/analyze-capture.ts';
import { openCaptureSource } from '../../harness/analyze/capture-source.ts';
import { CORPUS, missingCorpus } from '../support/corpus.ts';
import { requireCapability } from '../support/require.ts';

/** All that is told of a capture. */
async function toldOf(file: string, predict: boolean, checksums: boolean): Promise<unknown> {
  const rows: unknown[] = [];
  const analysis = await analyzeCapture(await openCaptureSource(file), {
    predict,
    checksums,
    zeekRun: 'run',
    onRow: (row, zeekRow) => rows.push([row, zeekRow]),
  });
  return { rows, analysis };
}

for (const part of ['zeek', 'odd-captures', 'packetdrill']) {
  test(`${part}: the same rows with prediction and without`, async (t) => {
    if (!requireCapability(t, 'corpus', missingCorpus(part))) return;
    const folder = path.join(CORPUS, part, 'traces');
    for (const name of readdirSync(folder)) {
      for (const checksums of [false, true]) {
        const file = path.join(folder, name);
        t.deepEqual(await toldOf(file, true, checksums), await toldOf(file, false, checksums), name);
      }
    }
  });
}
