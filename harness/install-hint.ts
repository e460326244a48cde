import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** Folders with system tools that an ordinary user's PATH often lacks. */
const SYSTEM_FOLDERS = ['/usr/sbin', '/sbin'];

/** PATH with the system folders behind it: what every process that finwait starts is given. */
export function searchPath(): string {
  return [process.env['PATH'] ?? '', ...SYSTEM_FOLDERS].join(delimiter);
}

/** Where a program is on {@link searchPath}; undefined when it is not there. */
export function findProgram(name: string): string | undefined {
  for (const folder of searchPath().split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
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
  const [manager, command] = INSTALLERS.find(([program]) => findProgram(program) !== undefined) ?? INSTALLERS[0];
  const asRoot = process.getuid?.() === 0 ? '' : 'sudo ';
  return `${asRoot}${command} ${RENAMED[debianName]?.[manager] ?? debianName}`;
}
