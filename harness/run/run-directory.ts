import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { FinwaitError } from '../errors.ts';
import { RunFile } from './run-record.ts';

/**
 * Makes the directory of a new run, of the person alone: `wanted`, else one below `.finwait` here, else below the
 * system's temporary directory.
 * @throws FinwaitError ERR_FINWAIT_USAGE when `wanted` cannot be made or holds a run already
 */
export async function makeRunDirectory(wanted: string | undefined): Promise<string> {
  const name = `${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}-${process.pid}`;
  if (wanted !== undefined) return await makeWanted(resolve(wanted));
  try {
    const directory = join(process.cwd(), '.finwait', name);
    await makeFolder(join(directory, RunFile.node));
    // Packets and paths are nothing for a repository.
    await writeFile(join(process.cwd(), '.finwait', '.gitignore'), '*\n');
    return directory;
  } catch {
    const directory = join(tmpdir(), `finwait-${name}`);
    await makeFolder(join(directory, RunFile.node));
    return directory;
  }
}

async function makeWanted(directory: string): Promise<string> {
  try {
    await makeFolder(join(directory, RunFile.node));
  } catch (error) {
    throw new FinwaitError('ERR_FINWAIT_USAGE', `--out ${directory}: ${(error as Error).message}`, {
      hint: 'Name a directory that can be made.',
      cause: error,
    });
  }
  const taken = await readFile(join(directory, RunFile.record)).then(
    () => true,
    () => false,
  );
  if (!taken) return directory;
  throw new FinwaitError('ERR_FINWAIT_USAGE', `--out ${directory}: there is a run in it already`, {
    hint: 'Name another directory, or remove that one.',
  });
}

/** Step by step: Node's recursive mkdir never returns from a folder that says ENOENT to it, as /proc does. */
async function makeFolder(path: string): Promise<void> {
  if (await isFolder(path)) return;
  await makeFolder(dirname(path));
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    // Another run may have made it meanwhile.
    if (!(await isFolder(path))) throw error;
  }
}

async function isFolder(path: string): Promise<boolean> {
  return await stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
