import type { Side } from '../model/connection.ts';
import { Flag } from '../model/segment.ts';
import type { Stage } from './stage.ts';

/**
 * Waits until that end announces a window of 0. The other end’s persist timer tells less: it runs, too, where the window
 * that is left is only too small for the next segment.
 * @throws StepFailed when that end says nothing more before
 */
export async function untilWindowCloses(stage: Stage, by: Side): Promise<void> {
  for (;;) {
    const evidence = await stage.main.evidence();
    const end = evidence[by];
    const sent = evidence.segments.filter(({ source }) => source.port === end?.port);
    if (sent.some(({ window, flags }) => window === 0 && (flags & Flag.RST) === 0)) return;
    await stage.until({ segments: [{ from: by, times: sent.length + 1 }] });
  }
}
