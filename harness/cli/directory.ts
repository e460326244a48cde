import { statSync } from 'node:fs';

/** Whether there is a directory of that name: to `analyze`, the record of a run. */
export function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
