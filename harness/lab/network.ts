import type { NetworkKind } from './protocol.ts';

/** A way to start the lab's agent in a network. */
export interface NetworkEntry {
  readonly network: NetworkKind;
  /** Entered without root, through a user namespace. */
  readonly rootless: boolean;
  /** What to put before the agent's own command line. */
  readonly prefix: readonly string[];
}

// --kill-child and the pid namespace: when unshare or the agent dies, however they die, the kernel ends all below.
const NAMESPACES = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc'];

const AS_ROOT: NetworkEntry = { network: 'private', rootless: false, prefix: ['unshare', ...NAMESPACES] };

// A non-root uid that keeps its capabilities: tcpdump as uid 0 of a user namespace would try to drop to user
// "tcpdump", which has no mapping there, and fail.
const ROOTLESS: NetworkEntry = {
  network: 'private',
  rootless: true,
  prefix: ['unshare', '--user', '--map-current-user', '--keep-caps', ...NAMESPACES],
};

const HOST: NetworkEntry = { network: 'host', rootless: false, prefix: [] };

/** The ways to try for this user, best first. */
export function networkEntries(wanted: NetworkKind | 'auto', uid: number): readonly NetworkEntry[] {
  const inPrivate = uid === 0 ? [AS_ROOT] : [ROOTLESS];
  if (wanted === 'private') return inPrivate;
  if (wanted === 'host') return [HOST];
  return [...inPrivate, HOST];
}
