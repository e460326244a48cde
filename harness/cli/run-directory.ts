import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** Whether the path leads to the record of a run. */
export function isRunDirectory(path: string): boolean {
  return existsSync(join(path, 'run.json'));
}
