import type { ExecutionContext, TestFn } from 'ava';
import { isFinwaitError } from '../../harness/errors.ts';
import type { Lab } from '../../harness/lab/lab.ts';
import { type LabOptions, openLab } from '../../harness/lab/open-lab.ts';
import type { NetworkKind } from '../../harness/lab/protocol.ts';
import { requireCapability } from './require.ts';

/**
 * One lab for all tests of a file, opened before the first and closed after the last.
 * @returns what gives a test the lab; undefined, with the test skipped, when this machine grants none
 */
export function shareLab(
  test: TestFn,
  options: LabOptions = { network: 'private' },
): (t: ExecutionContext) => Lab | undefined {
  let lab: Lab | undefined;
  let refusal: string | undefined;
  test.before(async () => {
    const opened = await openedOrReason(options);
    if (typeof opened === 'string') refusal = opened;
    else lab = opened;
  });
  test.after.always(async () => {
    await lab?.stop();
  });
  return (t) => (requireCapability(t, capability(options), refusal) ? lab : undefined);
}

/** A lab, or why this machine grants none. */
async function openedOrReason(options: LabOptions): Promise<Lab | string> {
  try {
    return await openLab(options);
  } catch (error) {
    if (isFinwaitError(error)) return error.message;
    throw error;
  }
}

/** Why this machine grants no such network; undefined when it does. */
export async function reasonAgainst(network: NetworkKind): Promise<string | undefined> {
  const opened = await openedOrReason({ network });
  if (typeof opened === 'string') return opened;
  await opened.stop();
  return undefined;
}

/** A lab of the test's own; undefined, with the test skipped, when this machine grants none. */
export async function labFor(t: ExecutionContext, options: LabOptions): Promise<Lab | undefined> {
  const opened = await openedOrReason(options);
  if (typeof opened !== 'string') return opened;
  requireCapability(t, capability(options), opened);
  return undefined;
}

function capability({ network }: LabOptions): string {
  return network === 'host' ? 'capture' : 'lab';
}
