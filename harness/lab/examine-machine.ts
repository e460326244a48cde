import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { execa } from 'execa';
import { isFinwaitError } from '../errors.ts';
import { findProgram, installCommand } from '../install-hint.ts';
import { examineFaults, examineTwoHosts } from './examine-faults.ts';
import { openLab } from './open-lab.ts';

/** One thing that finwait can use of a machine. */
export interface Capability {
  readonly name: string;
  readonly granted: boolean;
  /** A version, or what is refused in the kernel's own words. */
  readonly detail: string;
  /** What is lost without it. */
  readonly without: string;
  /** What to type; absent when granted, or when nothing can be done from here. */
  readonly fix?: string;
}

export interface MachineReport {
  readonly capabilities: readonly Capability[];
  /** Whether paired peers, a capture and socket states work here, in whichever network. */
  readonly mainJobRuns: boolean;
}

const TOOLS = [
  ['tcpdump', '--version', 'tcpdump', 'no packets: nothing can be judged'],
  ['ss', '-V', 'iproute2', 'no socket states'],
  ['ip', '-V', 'iproute2', 'no private network'],
  ['unshare', '-V', 'util-linux', 'no private network'],
  ['nft', '-v', 'nftables', 'no gates: segments cannot be held'],
] as const;

/** Tries out what this machine grants to this user; every answer comes from doing it, none from reading versions. */
export async function examineMachine(): Promise<MachineReport> {
  const tools = await Promise.all(TOOLS.map(examineTool));
  const inPrivate = await examineLab('private');
  const onHost = inPrivate.opened ? undefined : await examineLab('host');
  const capabilities = [
    node(),
    ...tools,
    ...inPrivate.capabilities,
    ...(onHost?.capabilities ?? []),
    tracefs(),
  ];
  return { capabilities, mainJobRuns: inPrivate.opened || onHost?.opened === true };
}

function node(): Capability {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const granted = major > 20 || (major === 20 && minor >= 19);
  return {
    name: 'node',
    granted,
    detail: process.version,
    without: 'nothing runs',
    ...(!granted && { fix: 'install Node.js 20.19 or newer' }),
  };
}

async function examineTool([name, flag, packageName, without]: (typeof TOOLS)[number]): Promise<Capability> {
  const path = findProgram(name);
  if (path === undefined) {
    return { name, granted: false, detail: 'not installed', without, fix: installCommand(packageName) };
  }
  const { stdout, stderr } = await execa(path, [flag], { reject: false });
  return { name, granted: true, detail: (stdout || stderr).split('\n')[0] ?? '', without };
}

interface ExaminedLab {
  readonly opened: boolean;
  readonly capabilities: readonly Capability[];
}

async function examineLab(network: 'private' | 'host'): Promise<ExaminedLab> {
  const name = network === 'private' ? 'private network' : 'capture on the host';
  const without =
    network === 'private'
      ? 'no gates, no sysctls; traffic runs on the host’s loopback'
      : 'no packets: nothing can be judged';
  try {
    await using lab = await openLab({ network });
    const how = lab.rootless ? 'without root, through a user namespace' : 'as root';
    const detail = network === 'private' ? how : 'tcpdump may capture on lo';
    const opened: Capability = { name, granted: true, detail, without };
    return {
      opened: true,
      capabilities:
        network === 'private' ? [opened, ...(await examineFaults(lab)), await examineTwoHosts()] : [opened],
    };
  } catch (error) {
    if (!isFinwaitError(error)) throw error;
    // With a tool missing, the hint is to install it; no setting would help.
    const isTool = ['unshare', 'ip'].some((tool) => findProgram(tool) === undefined);
    const isSetting = error.code === 'ERR_FINWAIT_LAB_REFUSED' && !isTool;
    const fix = isSetting ? (namespaceFix() ?? error.hint) : error.hint;
    const refused: Capability = { name, granted: false, detail: error.message, without, ...(fix && { fix }) };
    return { opened: false, capabilities: [refused] };
  }
}

const RUN_AS_ROOT = 'or run as root';

/** The setting that keeps this user from having a user namespace, where the machine has a known one. */
function namespaceFix(): string | undefined {
  if (process.getuid?.() === 0) {
    const contained = existsSync('/.dockerenv') || existsSync('/run/.containerenv');
    return contained
      ? 'start the container with --cap-add SYS_ADMIN --security-opt seccomp=unconfined'
      : undefined;
  }
  const settings = [
    ['kernel.apparmor_restrict_unprivileged_userns', '1', '0'],
    ['kernel.unprivileged_userns_clone', '0', '1'],
    ['user.max_user_namespaces', '0', '15000'],
  ] as const;
  for (const [setting, refusing, granting] of settings) {
    if (readSetting(setting) === refusing) return `sudo sysctl -w ${setting}=${granting}, ${RUN_AS_ROOT}`;
  }
  return undefined;
}

function readSetting(name: string): string | undefined {
  try {
    return readFileSync(`/proc/sys/${name.replaceAll('.', '/')}`, 'utf8').trim();
  } catch {
    return undefined;
  }
}

function tracefs(): Capability {
  const mounted = ['/sys/kernel/tracing', '/sys/kernel/debug/tracing'].filter((folder) =>
    existsSync(`${folder}/instances`),
  );
  const granted = mounted.some((folder) => isWritable(`${folder}/instances`));
  const refusal =
    mounted.length === 0 ? 'not mounted, or hidden from this user' : 'not writable by this user';
  return {
    name: 'tracefs',
    granted,
    detail: granted ? 'writable' : refusal,
    without: 'states that pass between two snapshots of ss stay unseen',
    ...(!granted && {
      fix: 'run as root, with tracefs mounted: mount -t tracefs tracefs /sys/kernel/tracing',
    }),
  };
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
