import { randomInt } from 'node:crypto';
import type { Lab } from '../../harness/lab/lab.ts';
import { eventually } from './eventually.ts';
import {
  allEnded,
  descendantNamed,
  descendants,
  isStopped,
  type ProcessIdentity,
  signalAll,
  stillRunning,
} from './processes.ts';

export type LabPart = 'agent' | 'tcpdump' | 'ss' | 'client peer' | 'server peer';

/** The processes that a lab consists of, by their command lines. */
export const LAB_PARTS: Readonly<Record<LabPart, RegExp>> = {
  agent: /^\S*node .*lab\/agent\.js/,
  tcpdump: /^tcpdump /,
  ss: /^sh -c .*finwait-end-of-sample/s,
  'client peer': /peer\/child\.js client/,
  'server peer': /peer\/child\.js server/,
};

/**
 * The processes of this one lab. ava runs test files as threads of one process, so the descendants of this process
 * are those of every lab that is open; a program with a name of its own shows which agent is the lab's.
 */
export async function processesOf(lab: Lab): Promise<readonly ProcessIdentity[]> {
  const name = `1000.${randomInt(2 ** 40)}`;
  await using _marker = await lab.spawn('sleep', [name]);
  const { parent } = descendantNamed(process.pid, new RegExp(`^sleep ${name}`));
  const all = descendants(process.pid);
  const agent = all.find(({ pid }) => pid === parent);
  if (agent === undefined) throw new Error('the lab has no agent');
  // In a private network `unshare` stands between.
  const starter = all.filter(({ pid }) => pid === agent.parent);
  const parts = descendants(agent.pid).filter(({ commandLine }) => !commandLine.includes(name));
  return [...starter, agent, ...parts];
}

/** SIGKILLs one part of the lab and resolves when it is gone. */
export async function killPart(part: LabPart, lab: Lab): Promise<void> {
  const parts = await processesOfPart(part, lab);
  // The shell that runs ss has copies of itself below it, one each side of a pipe.
  const found = topmost(parts);
  if (found.length !== 1) throw new Error(`the lab has ${found.length} processes that are its ${part}`);
  signalAll(found, 'SIGKILL');
  await allEnded(found);
}

/** SIGSTOPs one part of the lab: it is there, and does nothing any more. */
export async function stallPart(part: LabPart, lab: Lab): Promise<void> {
  const [top, ...others] = topmost(await processesOfPart(part, lab));
  if (top === undefined || others.length > 0)
    throw new Error(`the lab has not one process that is its ${part}`);
  await standstill([top]);
  // It starts no more now; what it had started may have ended meanwhile.
  await standstill(descendants(top.pid).filter(({ commandLine }) => LAB_PARTS[part].test(commandLine)));
}

async function standstill(processes: readonly ProcessIdentity[]): Promise<void> {
  signalAll(processes, 'SIGSTOP');
  await eventually('the standstill', () =>
    stillRunning(processes).every(({ pid }) => isStopped(pid)) ? true : undefined,
  );
}

function topmost(parts: readonly ProcessIdentity[]): readonly ProcessIdentity[] {
  return parts.filter(({ parent }) => !parts.some(({ pid }) => pid === parent));
}

async function processesOfPart(part: LabPart, lab: Lab): Promise<readonly ProcessIdentity[]> {
  return (await processesOf(lab)).filter(({ commandLine }) => LAB_PARTS[part].test(commandLine));
}
