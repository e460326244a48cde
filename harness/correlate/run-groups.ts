import type { Side } from '../model/connection.ts';
import { formatEndpoint } from '../model/endpoint.ts';
import type { CallSite } from '../model/node-event.ts';
import type { Happening, RunConnection, RunEnding } from '../model/run-connection.ts';
import { type LaneCoverage, type RunGroup, type RunReport, USUAL } from '../model/run-report.ts';
import { Flag, hasFlags } from '../model/segment.ts';
import { callSiteText } from '../model/call-site-text.ts';

/** Programs of thousands of places keep this many groups; the rest is counted under the last. */
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
  'connections' | 'endings' | 'closedBy' | 'resetBy' | 'mismatches' | 'groups' | 'coverage'
>;

/** Counts the connections of a run as they come, and keeps one of each kind. */
export class RunGroups {
  readonly #groups = new Map<string, { -readonly [Key in keyof RunGroup]: RunGroup[Key] }>();
  readonly #endings: Partial<Record<RunEnding, number>> = {};
  readonly #closedBy: Record<Side, number> = { client: 0, server: 0 };
  readonly #resetBy: Record<Side, number> = { client: 0, server: 0 };
  readonly #coverage = { wire: 0, nodeSides: 0, nodeTold: 0, kernel: 0 } satisfies LaneCoverage;
  #connections = 0;
  #mismatches = 0;

  /** @param ours the ends that are of the run's processes, whether or not JS tells of them */
  add(connection: RunConnection, ours: readonly Side[]): void {
    const { ending, closedBy, resetBy, mismatches, lives, row, seenStates } = connection;
    this.#connections++;
    this.#endings[ending] = (this.#endings[ending] ?? 0) + 1;
    if (ending === 'closed' && closedBy !== undefined) this.#closedBy[closedBy]++;
    if (ending === 'reset' && resetBy !== undefined) this.#resetBy[resetBy]++;
    if (mismatches.length > 0) this.#mismatches++;
    if (row !== undefined) this.#coverage.wire++;
    if (seenStates.length > 0) this.#coverage.kernel++;
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
      coverage: this.#coverage,
    };
  }

  #addToGroup(connection: RunConnection, ours: readonly Side[]): void {
    const { ending, mismatches, server } = connection;
    const by = ending === 'reset' ? connection.resetBy : connection.closedBy;
    const cause = by === undefined ? undefined : endingCause(connection, by);
    const where = formatEndpoint(server);
    const site = cause === undefined ? openingSite(connection) : cause.site;
    const kinds = mismatches.map(({ kind }) => kind).join();
    const key = [
      ending,
      by,
      where,
      cause?.by,
      cause?.what,
      cause?.detail,
      site && callSiteText(site),
      kinds,
    ].join('|');
    const known = this.#groups.get(key);
    if (known !== undefined) {
      known.count++;
      if (connection.id < known.example.id) known.example = connection;
      return;
    }
    if (this.#groups.size >= MOST_GROUPS) return;
    this.#groups.set(key, {
      ending,
      by,
      byOurs: by !== undefined && ours.includes(by),
      server: where,
      what: cause?.what,
      doer: cause?.by,
      detail: cause?.detail,
      site,
      count: 1,
      mismatches: mismatches.length,
      example: connection,
      rank: rankOf(connection),
    });
  }
}

function rankOf({ mismatches, ending, row }: RunConnection): number {
  if (mismatches.length > 0) return 0;
  const rank = RANKS[ending];
  if (rank !== USUAL || row === undefined) return rank;
  const troubled = row.synRetries > 0 || row.timeouts > 0 || row.zeroWindows > 0;
  return troubled ? 6 : USUAL;
}

/** What sent the first FIN, or the RST. */
function endingCause({ ties, ending, lives }: RunConnection, by: Side): Happening | undefined {
  const flag = ending === 'reset' ? Flag.RST : Flag.FIN;
  const tie = ties.find(({ segment }) => segment.from === by && hasFlags(segment, flag));
  if (tie !== undefined) return tie.cause;
  // Without packets: what JS did.
  const call = lives[by]?.events.find(({ name }) => /(?:end|destroy|reset)-call$/.test(name));
  if (call === undefined || !('by' in call)) return undefined;
  const what = { 'end-call': 'end()', 'destroy-call': 'destroy()' }[
    call.name.slice('finwait:socket:'.length)
  ];
  const site = 'site' in call ? call.site : undefined;
  return { by: call.by ?? 'program', what: what ?? 'resetAndDestroy()', ...(site && { site }) };
}

/** Where a connection that came to nothing was wanted. */
function openingSite({ lives, ending }: RunConnection): CallSite | undefined {
  const cameToNothing = ending !== 'closed' && ending !== 'reset' && ending !== 'half-closed';
  return cameToNothing ? lives.client?.attempts[0]?.site : undefined;
}
