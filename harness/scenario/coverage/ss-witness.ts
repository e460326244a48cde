import { alignClocks } from '../../correlate/clocks.ts';
import type { Connection, Side } from '../../model/connection.ts';
import type { RunEvidence } from '../../model/run-evidence.ts';
import type { TcpState } from '../../model/tcp-state.ts';

/** One look of `ss` at one socket, ns since the epoch; the kernel was read somewhere between the two. */
export interface Look {
  readonly state: TcpState;
  readonly fromNs: bigint;
  readonly toNs: bigint;
}

/** What `ss` showed of one side, look by look, in order of time. */
export function looksAt({ observedStates }: Connection, side: Side): readonly Look[] {
  return observedStates
    .filter((seen) => seen.side === side)
    .flatMap(({ state, samples }) => samples.map((sample) => ({ state, ...sample })))
    .sort((a, b) => Number(a.fromNs - b.fromNs));
}

/** The same of the listener at the server's port: LISTEN or CLOSED. */
export function looksAtListener({ server, snapshots, clockReadings }: RunEvidence): readonly Look[] {
  const clock = alignClocks(clockReadings);
  if (clock === undefined) return [];
  return snapshots.map(({ startedAtNs, endedAtNs, sockets }) => ({
    state: sockets.some(({ state, local }) => state === 'LISTEN' && local.port === server.port)
      ? ('LISTEN' as const)
      : ('CLOSED' as const),
    fromNs: startedAtNs + clock.offsetNs - clock.errorNs,
    toNs: endedAtNs + clock.offsetNs + clock.errorNs,
  }));
}

/** The last look that was over, and the first that began, when `atNs` came. */
export function around(
  looks: readonly Look[],
  atNs: bigint,
): { readonly before: Look | undefined; readonly after: Look | undefined } {
  return {
    before: looks.findLast(({ toNs }) => toNs <= atNs),
    after: looks.find(({ fromNs }) => fromNs >= atNs),
  };
}
