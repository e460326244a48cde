import { startCapture } from '../../captures/tcpdump.ts';
import { isFinwaitError } from '../../harness/errors.ts';

/** Why this machine does not let us capture; undefined when it does. */
export async function missingCapture(): Promise<string | undefined> {
  try {
    const capture = await startCapture({ filter: 'tcp port 1' });
    await capture.stop();
    return undefined;
  } catch (error) {
    const refusals = ['ERR_FINWAIT_TOOL_MISSING', 'ERR_FINWAIT_CAPTURE_PERMISSION'];
    if (isFinwaitError(error) && refusals.includes(error.code)) return error.toString();
    throw error;
  }
}
