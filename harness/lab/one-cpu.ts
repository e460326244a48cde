import { readFileSync } from 'node:fs';
import { findProgram } from '../install-hint.ts';

/**
 * What to start both peers with, so that they share one CPU. On loopback a segment waits in the queue of the CPU that
 * sent it; with every CPU busy, a pure ACK that one sent is overtaken by a FIN that another sent later. Seen under
 * load, twice in three hundred closes: the late ACK then met TIME-WAIT, whose answer met no socket, and the RST ended
 * TIME-WAIT (RFC 1337). One queue keeps what was sent first in front.
 * @returns nothing where there is no taskset: then the peers run anywhere
 */
export function onOneCpu(): readonly string[] {
  const taskset = findProgram('taskset');
  const cpu = chooseCpu(readFileSync('/proc/self/status', 'utf8'), Math.random());
  return taskset === undefined || cpu === undefined ? [] : [taskset, '-c', String(cpu)];
}

/**
 * One of the CPUs that this process may use.
 * @param status as /proc/PID/status has it, with its `Cpus_allowed_list` such as `0-3,8`
 * @param chance from 0 up to 1, so that labs spread over the machine
 */
export function chooseCpu(status: string, chance: number): number | undefined {
  const ranges = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1]?.split(',') ?? [];
  const cpus = ranges.flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
  });
  return cpus[Math.floor(chance * cpus.length)];
}
