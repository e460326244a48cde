import { accessSync, constants, realpathSync } from 'node:fs';
import { basename, delimiter, join, sep } from 'node:path';

/** Folders with system tools that an ordinary user's PATH often lacks. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin'];

/** PATH with the system folders behind it: what every process that finwait starts is given. */
export function searchPath(): string {
  return [process.env['PATH'] ?? '', ...SYSTEM_FOLDERS].join(delimiter);
}

/** npm puts these first on the PATH of its scripts. */
const NPM_BIN = `${sep}node_modules${sep}.bin`;

/**
 * Where a system program is on {@link searchPath}; undefined when it is not there. What npm packages bring is passed
 * over: ava depends on `@vercel/nft`, whose `nft` does nothing with a filter rule, and says nothing.
 */
export function findProgram(name: string): string | undefined {
  for (const folder of searchPath().split(delimiter)) {
    if (folder.endsWith(NPM_BIN)) continue;
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      // Busybox's ip and unshare lack the options that finwait needs.
      if (basename(realpathSync(path)) !== 'busybox') return path;
    } catch {
      // not in this folder
    }
  }
  return undefined;
}

const INSTALLERS = [
  ['apt-get', 'apt-get install -y'],
  ['apk', 'apk add'],
  ['dnf', 'dnf install -y'],
] as const;

/** Packages whose name is not the same everywhere: by the package manager's program. */
const RENAMED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  iproute2: { dnf: 'iproute' },
};

/** The command that installs a Debian-named package here: `apt-get install -y tcpdump`. */
export function installCommand(debianName: string): string {
  const [manager, command] =
    INSTALLERS.find(([program]) => findProgram(program) !== undefined) ?? INSTALLERS[0];
  const asRoot = process.getuid?.() === 0 ? '' : 'sudo ';
  return `${asRoot}${command} ${RENAMED[debianName]?.[manager] ?? debianName}`;
}
