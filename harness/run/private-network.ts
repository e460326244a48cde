import { spawnSync } from 'node:child_process';
import { FinwaitError } from '../errors.ts';

/** Set for the finwait that runs inside; the program does not get to see it. */
const INSIDE = 'FINWAIT_RUN_NETWORK';

/** In a network of its own with nothing but a loopback; as itself, so that tcpdump does not try to become another. */
const AS_ROOT = ['unshare', '--net'];
const ROOTLESS = ['unshare', '--user', '--map-current-user', '--keep-caps', '--net'];

/** Whether this process runs inside already. */
export function isInPrivateNetwork(): boolean {
  return process.env[INSIDE] === 'private';
}

/** The environment as it was outside. */
export function outerEnvironment(): NodeJS.ProcessEnv {
  const { [INSIDE]: _inside, ...env } = process.env;
  return env;
}

/**
 * What runs this finwait, with its arguments, in a network of its own.
 * @throws FinwaitError ERR_FINWAIT_LAB_REFUSED where none is granted
 */
export function privateCommand(args: readonly string[]): { command: string[]; env: NodeJS.ProcessEnv } {
  const prefix = process.getuid?.() === 0 ? AS_ROOT : ROOTLESS;
  const [unshare = '', ...flags] = prefix;
  const tried = spawnSync(unshare, [...flags, 'ip', 'link', 'set', 'lo', 'up'], { encoding: 'utf8' });
  if (tried.status !== 0) {
    const said = tried.error?.message ?? tried.stderr.trim();
    throw new FinwaitError('ERR_FINWAIT_LAB_REFUSED', `No private network here: ${said}`, {
      hint: 'Leave --private out, or see what finwait doctor says.',
    });
  }
  const inside = ['sh', '-c', 'ip link set lo up && exec "$@"', 'finwait-private', process.execPath];
  return {
    command: [...prefix, ...inside, ...process.execArgv, ...args],
    env: { ...process.env, [INSIDE]: 'private' },
  };
}
