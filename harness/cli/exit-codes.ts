import type { FinwaitErrorCode } from '../errors.ts';
import type { VerdictStatus } from '../index.ts';

/** What the shell is told. */
export const ExitCode = {
  met: 0,
  violated: 1,
  usage: 2,
  missingCapability: 3,
  damagedEvidence: 4,
  /** A fault of finwait's own; sysexits.h calls it EX_SOFTWARE. */
  failed: 70,
} as const;

export type ExitCode = (typeof ExitCode)[keyof typeof ExitCode];

export function exitCodeOfStatus(status: VerdictStatus): ExitCode {
  return { met: ExitCode.met, violated: ExitCode.violated, undetermined: ExitCode.damagedEvidence }[status];
}

const MISSING: ReadonlySet<FinwaitErrorCode> = new Set<FinwaitErrorCode>([
  'ERR_FINWAIT_TOOL_MISSING',
  'ERR_FINWAIT_CAPTURE_PERMISSION',
  'ERR_FINWAIT_LAB_REFUSED',
  'ERR_FINWAIT_MEMORY',
  'ERR_FINWAIT_NEEDS_PRIVATE_NETWORK',
]);

export function exitCodeOfError(code: FinwaitErrorCode): ExitCode {
  if (code === 'ERR_FINWAIT_USAGE') return ExitCode.usage;
  return MISSING.has(code) ? ExitCode.missingCapability : ExitCode.damagedEvidence;
}
