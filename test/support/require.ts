import type { ExecutionContext } from 'ava';

/**
 * For tests that need something of the machine: true when it is there. Otherwise the reason is printed and the
 * test passes without having tested, or fails when FINWAIT_REQUIRE (comma separated) names the capability.
 * @param missing why the capability is not there; undefined when it is.
 */
export function requireCapability(
  t: ExecutionContext,
  capability: string,
  missing: string | undefined,
): boolean {
  if (missing === undefined) return true;
  const required = (process.env['FINWAIT_REQUIRE'] ?? '').split(',').map((name) => name.trim());
  if (required.includes(capability)) {
    t.fail(`FINWAIT_REQUIRE demands ${capability}: ${missing}`);
  } else {
    t.log(`SKIPPED, needs ${capability}: ${missing}`);
    t.pass();
  }
  return false;
}
