import { type DecodeIssue, formatDecodeIssue } from '../harness/wire/decode-issue.ts';
import type { DamageLog } from './damage-log.ts';

/** Counts the packets that could not be decoded up to TCP, and reports them as damage. */
export class Undecodable {
  readonly #damageLog: DamageLog;
  #count = 0;

  constructor(damageLog: DamageLog) {
    this.#damageLog = damageLog;
  }

  notice(issue: DecodeIssue | undefined): void {
    // A frame that stopped at UDP would not have given a segment anyway.
    if (issue === undefined || issue.layer === 'udp') return;
    this.#count += 1;
    const count = `${this.#count} packet${this.#count === 1 ? '' : 's'}`;
    this.#damageLog.report(
      'undecodable',
      `${count} not decoded up to TCP; the last: ${formatDecodeIssue(issue)}`,
    );
  }
}
