import type { ExecutionContext } from 'ava';

/**
 * Whether a test may go on. Without a capability it is skipped with the reason printed, or fails when the
 * environment's `FINWAIT_REQUIRE` (comma-separated) names that capability.
 * @param reason why this machine lacks it; undefined when it does not.
 */
export function requireCapability(
  t: ExecutionContext,
  capability: string,
  reason: string | undefined,
): boolean {
  if (reason === undefined) return true;
  const demanded = process.env['FINWAIT_REQUIRE']?.split(',').map((name) => name.trim()) ?? [];
  if (demanded.includes(capability)) {
    t.fail(`FINWAIT_REQUIRE names "${capability}": ${reason}`);
    return false;
  }
  t.log(`skipped, no ${capability}: ${reason}`);
  t.pass();
  return false;
}
