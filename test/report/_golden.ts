/** Reviewed snapshots in test/report/golden/, in the source tree; FINWAIT_UPDATE_GOLDEN=1 rewrites them. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { ExecutionContext } from 'ava';

/** Tests run from dist/test/report/; what people review lies in test/report/. */
const FOLDER = new URL('../../../test/report/golden/', import.meta.url);

export function matchesGolden(t: ExecutionContext, name: string, text: string): void {
  const file = new URL(`${name}.txt`, FOLDER);
  if (process.env['FINWAIT_UPDATE_GOLDEN'] === '1') {
    writeFileSync(file, `${text}\n`);
    t.log(`wrote ${name}.txt: review it`);
  }
  t.is(
    `${text}\n`,
    readFileSync(file, 'utf8'),
    'FINWAIT_UPDATE_GOLDEN=1 npx ava "test/report/**" rewrites it',
  );
}

export function goldenNames(): readonly string[] {
  return readdirSync(FOLDER).map((name) => name.replace(/\.txt$/u, ''));
}
