import type { SocketSample } from '../model/observation.ts';

/**
 * Whole seconds that a socket in TIME-WAIT has left, as `ss` rounds them down; undefined below ten, of which it prints
 * another form, and for any other socket.
 */
export function timeWaitLeft(row: SocketSample | undefined): number | undefined {
  const { name, expires = '' } = row?.timer ?? {};
  const [whole = '', minutes = '0', seconds = '0'] = /^(?:(\d+)min)?(?:(\d\d)sec)?$/.exec(expires) ?? [];
  if (row?.state !== 'TIME-WAIT' || name !== 'timewait' || whole === '') return undefined;
  return Number(minutes) * 60 + Number(seconds);
}
