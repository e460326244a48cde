import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

const WRITE = 'cat >"$1" && chmod 755 "$1"';

/**
 * Makes an executable file, and its folder. Another process writes it: were it open here, a process that another test
 * forks meanwhile would have it open too until it execs, and the kernel runs no file that somebody has open for writing
 * (ETXTBSY).
 */
export function writeProgram(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  execFileSync('/bin/sh', ['-c', WRITE, 'write-program', file], { input: text });
}
