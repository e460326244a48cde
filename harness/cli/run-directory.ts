import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Whether the path leads to the record of a run. */
export function isRunDirectory(path: string): boolean {
  return existsSync(join(path, 'run.json'));
}

/** Whether packets were captured in that run; true for a record that cannot be read, whose reader then says why. */
export function hasCapture(directory: string): boolean {
  try {
    const record: unknown = JSON.parse(readFileSync(join(directory, 'run.json'), 'utf8'));
    return typeof record === 'object' && record !== null && 'capture' in record;
  } catch {
    return true;
  }
}
