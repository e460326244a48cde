import { readFile, writeFile } from 'node:fs/promises';
import { FinwaitError } from '../errors.ts';

/**
 * A kernel setting of this process's network namespace, without its line end; several values stay separated as the
 * kernel prints them (tabs).
 * @param name as sysctl(8) spells it: `net.ipv4.tcp_fin_timeout`; a dot within a part is a slash there.
 * @throws TypeError for a name that is not of that form.
 * @throws FinwaitError ERR_FINWAIT_SYSCTL when this kernel or namespace has no such setting.
 */
export async function readSysctl(name: string): Promise<string> {
  const path = sysctlPath(name);
  try {
    return (await readFile(path, 'utf8')).trimEnd();
  } catch (error) {
    throw sysctlError(`cannot read ${name}`, error);
  }
}

/**
 * @throws TypeError for a name that is not of the form `net.ipv4.tcp_fin_timeout`.
 * @throws FinwaitError ERR_FINWAIT_SYSCTL when there is no such setting or the kernel refuses the value;
 * ERR_FINWAIT_NEEDS_PRIVATE_NETWORK when this process may not change it.
 */
export async function writeSysctl(name: string, value: string | number): Promise<void> {
  const path = sysctlPath(name);
  try {
    await writeFile(path, `${value}\n`);
  } catch (error) {
    throw sysctlError(`cannot set ${name} to ${value}`, error);
  }
}

const NAME = /^[\w/-]+(?:\.[\w/-]+)+$/;

function sysctlPath(name: string): string {
  if (!NAME.test(name))
    throw new TypeError(`"${name}" is not a sysctl name such as net.ipv4.tcp_fin_timeout`);
  const parts = name.split('.').map((part) => part.replaceAll('/', '.'));
  if (parts.some((part) => /^\.*$/.test(part))) throw new TypeError(`"${name}" is not a sysctl name`);
  return `/proc/sys/${parts.join('/')}`;
}

/** @param cause with the `code` of what the kernel answered: `ENOENT` */
export function sysctlError(what: string, cause: unknown): FinwaitError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  switch (code) {
    case 'EACCES':
    case 'EPERM':
    // Containers mount /proc/sys read-only.
    case 'EROFS':
      return new FinwaitError('ERR_FINWAIT_NEEDS_PRIVATE_NETWORK', `${what}: not permitted here (${code})`, {
        cause,
        hint: 'In a private network of its own (unshare --net, with CAP_NET_ADMIN) a process may set it.',
      });
    case 'ENOENT':
      return new FinwaitError(
        'ERR_FINWAIT_SYSCTL',
        `${what}: this kernel has no such setting${since(what)}`,
        {
          cause,
          hint: 'It may be newer than this kernel, or belong to the machine and not to a network namespace.',
        },
      );
    case 'EINVAL':
      return new FinwaitError('ERR_FINWAIT_SYSCTL', `${what}: the kernel refuses that value`, { cause });
    default:
      return new FinwaitError('ERR_FINWAIT_SYSCTL', `${what} (${code})`, { cause });
  }
}

/** Linux versions that brought settings which a lab asks for. */
const SINCE: Readonly<Record<string, string>> = {
  'net.ipv4.tcp_rto_min_us': '6.11',
  'net.ipv4.tcp_rto_max_ms': '6.15',
};

function since(what: string): string {
  const known = Object.entries(SINCE).find(([name]) => what.includes(name));
  return known === undefined ? '' : `; it needs Linux ${known[1]}`;
}
