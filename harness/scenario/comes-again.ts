import type { Side } from '../model/connection.ts';
import { hasFlags, parseFlags } from '../model/segment.ts';
import type { TcpState } from '../model/tcp-state.ts';
import type { Stage } from './stage.ts';

/**
 * Waits until two more segments of this kind have come from that side, with both ends where they were: one of them at
 * least lies between two looks of `ss`.
 */
export async function comesAgain(
  stage: Stage,
  { from, flags }: { readonly from: Side; readonly flags: string },
  states: Readonly<Record<Side, TcpState>>,
): Promise<void> {
  const { connections } = await stage.timeline();
  const already = (connections['main']?.segments ?? []).filter((each) => {
    return each.from === from && hasFlags(each.segment, parseFlags(flags));
  });
  await stage.until({ segments: [{ from, flags, times: already.length + 2 }], states });
}

/** Waits until the server’s data is acknowledged, by its send queue: an acknowledgement that was held counts for nothing. */
export async function serverIsAcknowledged(stage: Stage): Promise<void> {
  const { port } = stage.server.endpoint;
  await stage.untilSockets('the server’s data acknowledged', ({ sockets }) =>
    sockets.some(({ state, local, sendQueue }) => {
      return state !== 'LISTEN' && local.port === port && sendQueue === 0;
    }),
  );
}
