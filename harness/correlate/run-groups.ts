import type { Side } from '../model/connection.ts';
import { type Endpoint, formatEndpoint } from '../model/endpoint.ts';
import { CALL_NAMES, type CallSite, type ClosingCallName, type NodeEvent } from '../model/node-event.ts';
import type { Happening, RunConnection, RunEnding, SegmentTie } from '../model/run-connection.ts';
import { type LaneCoverage, type RunGroup, type RunReport, USUAL } from '../model/run-report.ts';
import { Flag, hasFlags } from '../model/segment.ts';
import { callSiteText } from '../model/call-site-text.ts';

/** Programs of thousands of places keep so many groups, the least usual; what is in none is counted. */
const MOST_GROUPS = 500;

const RANKS: Readonly<Record<RunEnding, number>> = {
  reset: 1,
  failed: 2,
  refused: 2,
  unanswered: 2,
  'half-closed': 3,
  abandoned: 3,
  closing: 4,
  open: 5,
  closed: USUAL,
};

type Counts = Pick<
  RunReport,
  'connections' | 'endings' | 'closedBy' | 'resetBy' | 'mismatches' | 'groups' | 'ungrouped' | 'coverage'
>;

type Group = { -readonly [Key in keyof RunGroup]: RunGroup[Key] };

/** Counts the connections of a run as they come, and keeps one of each kind. */
export class RunGroups {
  readonly #groups = new Map<string, Group>();
  readonly #endings: Partial<Record<RunEnding, number>> = {};
  readonly #closedBy: Record<Side, number> = { client: 0, server: 0 };
  readonly #resetBy: Record<Side, number> = { client: 0, server: 0 };
  readonly #coverage = { wire: 0, nodeSides: 0, nodeTold: 0, kernel: 0 } satisfies LaneCoverage;
  #traced: number | undefined;
  #connections = 0;
  #mismatches = 0;
  #ungrouped = 0;

  /** @param ours the ends that are of the run's processes, whether or not JS tells of them */
  add(connection: RunConnection, ours: readonly Side[]): void {
    const { ending, closedBy, resetBy, mismatches, lives, row, seenStates, transitions } = connection;
    this.#connections++;
    this.#endings[ending] = (this.#endings[ending] ?? 0) + 1;
    if (ending === 'closed' && closedBy !== undefined) this.#closedBy[closedBy]++;
    if (ending === 'reset' && resetBy !== undefined) this.#resetBy[resetBy]++;
    if (mismatches.length > 0) this.#mismatches++;
    if (row !== undefined) this.#coverage.wire++;
    // What remains of a connection minutes after it tells nothing of how it was.
    if (seenStates.some(({ state }) => state !== 'TIME-WAIT')) this.#coverage.kernel++;
    if (transitions !== undefined) this.#traced = (this.#traced ?? 0) + (transitions.length > 0 ? 1 : 0);
    this.#coverage.nodeSides += ours.length;
    this.#coverage.nodeTold += Object.keys(lives).length;
    this.#addToGroup(connection, ours);
  }

  get counts(): Counts {
    return {
      connections: this.#connections,
      endings: this.#endings,
      closedBy: this.#closedBy,
      resetBy: this.#resetBy,
      mismatches: this.#mismatches,
      groups: [...this.#groups.values()].sort((a, b) => a.rank - b.rank || b.count - a.count),
      ungrouped: this.#ungrouped,
      coverage: { ...this.#coverage, ...(this.#traced !== undefined && { transitions: this.#traced }) },
    };
  }

  #addToGroup(connection: RunConnection, ours: readonly Side[]): void {
    const { ending, mismatches, server } = connection;
    const by = ending === 'reset' ? connection.resetBy : connection.closedBy;
    const cause = by === undefined ? undefined : endingCause(connection, by);
    const byOurs = by !== undefined && ours.includes(by);
    const detail = detailOf(cause, connection);
    const site = cause === undefined ? openingSite(connection) : cause.site;
    const kinds = mismatches.map(({ kind }) => kind).join();
    const place = placeOf(server, ours.includes('server'));
    const key = [
      ending,
      by,
      place,
      cause?.by,
      cause?.what,
      detail && withoutAmounts(detail),
      site && callSiteText(site),
      kinds,
      byOurs,
    ].join('|');
    const known = this.#groups.get(key);
    if (known !== undefined) {
      known.count++;
      if (known.detail !== detail && detail !== undefined) known.detail = withoutAmounts(detail);
      if (known.server !== formatEndpoint(server)) known.server = place;
      if (connection.id < known.example.id) known.example = connection;
      return;
    }
    const rank = rankOf(connection);
    if (this.#groups.size >= MOST_GROUPS && !this.#makeRoom(rank)) {
      this.#ungrouped++;
      return;
    }
    this.#groups.set(key, {
      ending,
      by,
      byOurs,
      server: formatEndpoint(server),
      what: cause?.what,
      doer: cause?.by,
      detail,
      site,
      count: 1,
      mismatches: mismatches.length,
      example: connection,
      rank,
    });
  }

  /** Gives up the most usual group, of several the smallest, for one that is less usual. */
  #makeRoom(rank: number): boolean {
    let most: readonly [string, Group] | undefined;
    for (const entry of this.#groups) {
      const [, group] = entry;
      const other = most?.[1];
      if (other === undefined || group.rank > other.rank) most = entry;
      else if (group.rank === other.rank && group.count < other.count) most = entry;
    }
    if (most === undefined || most[1].rank <= rank) return false;
    this.#groups.delete(most[0]);
    this.#ungrouped += most[1].count;
    return true;
  }
}

/** From here on the kernel gives ports to those that ask for any (`ip_local_port_range`): each time another. */
const FIRST_EPHEMERAL_PORT = 32_768;

/** `127.0.0.1:3000` for a server of ours, `*:443` for those of others: a crawler has thousands. */
function placeOf({ address, port }: Endpoint, isOurs: boolean): string {
  const shownPort = port < FIRST_EPHEMERAL_PORT ? String(port) : '*';
  if (!isOurs) return `*:${shownPort}`;
  return `${address.includes(':') ? `[${address}]` : address}:${shownPort}`;
}

/** `behind 17 bytes` and `behind 18 bytes` are one kind. */
function withoutAmounts(detail: string): string {
  return detail.replaceAll(/\d+ bytes?/g, 'data').replaceAll(/\d+ ms/g, 'some ms');
}

function detailOf(cause: Happening | undefined, connection: RunConnection): string | undefined {
  const late = lateFin(connection);
  if (late === undefined) return cause?.detail;
  const answer = `the ${late.segment.from}’s only by ${late.cause?.what ?? ''}`;
  return cause?.detail === undefined ? answer : `${cause.detail}; ${answer}`;
}

/** Less between two FINs is a program that was ended while it closed. */
const HALF_OPEN_NS = 100_000_000n;

/** The second FIN, where no call but only the end of the process sent it, long after the first: a leak until then. */
function lateFin({ ties }: RunConnection): SegmentTie | undefined {
  const [first, ...others] = ties.filter(({ segment }) => hasFlags(segment, Flag.FIN));
  const second = others.find(({ segment }) => segment.from !== first?.segment.from);
  if (first === undefined || second?.cause?.by !== 'exit') return undefined;
  return second.segment.atNs - first.segment.atNs >= HALF_OPEN_NS ? second : undefined;
}

function rankOf(connection: RunConnection): number {
  const { mismatches, ending, row } = connection;
  if (mismatches.length > 0) return 0;
  const rank = RANKS[ending];
  if (rank !== USUAL) return rank;
  if (lateFin(connection) !== undefined) return RANKS['half-closed'];
  if (row === undefined) return rank;
  const troubled = row.synRetries > 0 || row.timeouts > 0 || row.zeroWindows > 0;
  return troubled ? 6 : USUAL;
}

/** What sent the first FIN, or the RST. */
function endingCause({ ties, ending, lives }: RunConnection, by: Side): Happening | undefined {
  const flag = ending === 'reset' ? Flag.RST : Flag.FIN;
  const tie = ties.find(({ segment }) => segment.from === by && hasFlags(segment, flag));
  if (tie !== undefined) return tie.cause;
  // Without packets: what JS did.
  for (const event of lives[by]?.events ?? []) {
    if (!isClosingCall(event)) continue;
    const { by: doer = 'program', site, name } = event;
    return { by: doer, what: CALL_NAMES[name], ...(site && { site }) };
  }
  return undefined;
}

function isClosingCall(event: NodeEvent): event is Extract<NodeEvent, { name: ClosingCallName }> {
  return Object.hasOwn(CALL_NAMES, event.name);
}

/** Where a connection that came to nothing was wanted. */
function openingSite({ lives, ending }: RunConnection): CallSite | undefined {
  const cameToNothing = ending !== 'closed' && ending !== 'reset' && ending !== 'half-closed';
  return cameToNothing ? lives.client?.attempts[0]?.site : undefined;
}
