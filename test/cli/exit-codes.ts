import test from 'ava';
import { exitCodeOfError, exitCodeOfStatus } from '../../harness/cli/exit-codes.ts';

test('met is 0, violated 1, undetermined 4: damaged evidence is never a pass', (t) => {
  t.deepEqual((['met', 'violated', 'undetermined'] as const).map(exitCodeOfStatus), [0, 1, 4]);
});

test('what a machine lacks is 3, wrong usage 2, parts that died 4', (t) => {
  t.is(exitCodeOfError('ERR_FINWAIT_TOOL_MISSING'), 3);
  t.is(exitCodeOfError('ERR_FINWAIT_CAPTURE_PERMISSION'), 3);
  t.is(exitCodeOfError('ERR_FINWAIT_LAB_REFUSED'), 3);
  t.is(exitCodeOfError('ERR_FINWAIT_NEEDS_PRIVATE_NETWORK'), 3);
  t.is(exitCodeOfError('ERR_FINWAIT_USAGE'), 2);
  t.is(exitCodeOfError('ERR_FINWAIT_CAPTURE_DIED'), 4);
  t.is(exitCodeOfError('ERR_FINWAIT_PROCESS_ENDED'), 4);
});
