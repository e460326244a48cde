/** Zeek's own test captures, with the conn.log rows that Zeek 8 writes of them, through the whole of `analyze`. */
import path from 'node:path';
import test from 'ava';
import { analyzeCapture } from '../../harness/analyze/analyze-capture.ts';
import { openCaptureSource } from '../../harness/analyze/capture-source.ts';
import type { ConnectionRow, RowEnding } from '../../harness/model/connection-row.ts';
import type { ZeekLogRow } from '../../harness/model/zeek-log-row.ts';
import { CORPUS, corpusCases, missingCorpus } from '../support/corpus.ts';
import { requireCapability } from '../support/require.ts';

/** A conn.log row: which fields it has differs from case to case. */
type Row = Readonly<Record<string, string | number | null>>;

interface Case {
  readonly trace: string;
  readonly ignoreChecksums: boolean;
  readonly rows: readonly Row[];
}

interface Observed {
  readonly row: ConnectionRow;
  readonly zeek: Row;
}

/** The one row that comes out differently: what we say in Zeek's place, and why. */
const DIFFERENCES: Readonly<Partial<Record<string, { readonly why: string; readonly fields: Row }>>> = {
  'traces/ftp__fake-long-commands.pcap 58634': {
    why: 'Zeek writes X when an FTP command is longer than its limit: that needs the payload, which is never read.',
    fields: { history: 'ShAdDaFf' },
  },
};

/** The columns of a row that TCP decides. */
function columns(row: ZeekLogRow): Row {
  return {
    'id.orig_h': row.origHost,
    'id.orig_p': row.origPort,
    'id.resp_h': row.respHost,
    'id.resp_p': row.respPort,
    duration: row.duration ?? null,
    orig_bytes: row.origBytes ?? null,
    resp_bytes: row.respBytes ?? null,
    conn_state: row.connState,
    missed_bytes: row.missedBytes,
    history: row.history,
    orig_pkts: row.origPkts,
    orig_ip_bytes: row.origIpBytes,
    resp_pkts: row.respPkts,
    resp_ip_bytes: row.respIpBytes,
  };
}

async function analyze({ trace, ignoreChecksums }: Case): Promise<Observed[]> {
  const observed: Observed[] = [];
  await analyzeCapture(await openCaptureSource(path.join(CORPUS, 'zeek', trace)), {
    zeekRun: trace,
    checksums: !ignoreChecksums,
    onRow: (row, zeekRow) => {
      if (zeekRow !== undefined) observed.push({ row, zeek: columns(zeekRow) });
    },
  });
  return observed;
}

/** What the two rows have differently, of the columns that the expected one has. */
function differences(expected: Row, observed: Row): string[] {
  return Object.keys(observed)
    .filter((field) => field in expected && !isSame(expected[field], observed[field]))
    .map((field) => `${field}: expected ${String(expected[field])}, observed ${String(observed[field])}`);
}

function isSame(expected: Row[string] | undefined, observed: Row[string] | undefined): boolean {
  if (typeof expected !== 'number' || typeof observed !== 'number') return expected === observed;
  // Zeek's times are doubles of seconds since the epoch: a microsecond is the least that they can tell apart.
  return Math.abs(expected - observed) < 1.5e-6;
}

/** Takes out of `left` the row most like the expected one, and says how it differs. */
function takeLike(expected: Row, left: Observed[]): readonly string[] {
  const ranked = left
    .filter(({ zeek }) => ['id.orig_p', 'id.resp_p'].every((port) => zeek[port] === expected[port]))
    .map((each) => ({ each, differing: differences(expected, each.zeek) }))
    .sort((a, b) => a.differing.length - b.differing.length);
  const best = ranked[0];
  if (best === undefined) return ['no such connection'];
  left.splice(left.indexOf(best.each), 1);
  return best.differing;
}

test('Zeek’s captures give Zeek’s conn_state, history, packets, bytes and duration', async (t) => {
  if (!requireCapability(t, 'corpus', missingCorpus('zeek'))) return;
  let rowCount = 0;
  let otherProtocols = 0;
  const explained: string[] = [];
  for (const each of corpusCases('zeek') as Case[]) {
    const left = await analyze(each);
    const tcpRows = each.rows.filter((row) => row['proto'] === 'tcp');
    otherProtocols += each.rows.length - tcpRows.length;
    rowCount += tcpRows.length;
    for (const row of tcpRows) {
      const name = `${each.trace} ${String(row['id.orig_p'])}`;
      const difference = DIFFERENCES[name];
      if (difference !== undefined) explained.push(`${name}: ${difference.why}`);
      t.deepEqual(takeLike({ ...row, ...difference?.fields }, left), [], name);
    }
    t.deepEqual(
      left.map(({ zeek }) => zeek),
      [],
      `${each.trace}: connections that Zeek does not have`,
    );
  }
  t.log(
    `${rowCount - explained.length} of ${rowCount} rows equal; of other protocols, left out: ${otherProtocols}`,
  );
  for (const line of explained) t.log(line);
  t.is(rowCount, 103);
  t.is(explained.length, Object.keys(DIFFERENCES).length);
});

/** The endings that say the same as a `conn_state`. */
const ENDINGS: Readonly<Record<string, readonly RowEnding[]>> = {
  S0: ['unanswered'],
  S1: ['open'],
  S2: ['half-closed'],
  S3: ['half-closed'],
  SF: ['closed'],
  REJ: ['refused'],
  RSTO: ['reset'],
  RSTR: ['reset'],
  RSTOS0: ['reset'],
  RSTRH: ['reset'],
  SH: ['half-closed'],
  SHR: ['half-closed'],
  OTH: ['open'],
};

const RESET_BEFORE_LAST_ACK =
  'Zeek stays with SF once both have sent a FIN; here the RST came before the last FIN was acknowledged.';

/** Connections that we tell otherwise than Zeek, on purpose. */
const OTHER_ENDINGS: Readonly<Partial<Record<string, { readonly ending: RowEnding; readonly why: string }>>> =
  {
    'traces/pppoe-over-qinq.pcap 20394': {
      ending: 'abandoned',
      why: 'Zeek asks for a FIN each way, not for their acknowledgements: here one FIN was sent again and again, unanswered.',
    },
    'traces/tcp__ctu-64702-888.pcap 64702': { ending: 'reset', why: RESET_BEFORE_LAST_ACK },
    'traces/tls__imap-starttls.pcap 49640': { ending: 'reset', why: RESET_BEFORE_LAST_ACK },
    'traces/tls__xmpp-starttls.pcap 56048': { ending: 'reset', why: RESET_BEFORE_LAST_ACK },
  };

test('how a connection ended, in our words, is what Zeek’s conn_state says', async (t) => {
  if (!requireCapability(t, 'corpus', missingCorpus('zeek'))) return;
  const explained: string[] = [];
  for (const each of corpusCases('zeek') as Case[]) {
    for (const { row } of await analyze(each)) {
      const name = `${each.trace} ${row.client.port}`;
      const other = OTHER_ENDINGS[name];
      const told = `${name}: ${row.zeekState}, ${row.ending}`;
      if (other === undefined) t.true(ENDINGS[row.zeekState]?.includes(row.ending), told);
      else {
        t.is(row.ending, other.ending, told);
        explained.push(`${told}: ${other.why}`);
      }
    }
  }
  for (const line of explained) t.log(line);
  t.is(explained.length, Object.keys(OTHER_ENDINGS).length);
});

/** What holds between the facts of one row, whatever the connection did. */
const INVARIANTS: readonly (readonly [title: string, holds: (row: ConnectionRow) => boolean])[] = [
  [
    'a reset names who sent it, and only a reset does',
    (row) => (row.ending === 'reset') === hasValue(row.resetBy),
  ],
  [
    'RSTO and RSTR name the same end',
    ({ zeekState, resetBy }) => {
      if (zeekState === 'RSTO') return resetBy === 'client';
      return zeekState !== 'RSTR' || resetBy === 'server';
    },
  ],
  [
    'whoever closed first has an F in the history, and both when it is closed',
    ({ ending, closedBy, zeekHistory }) => {
      const wanted =
        ending === 'closed' ? ['F', 'f'] : hasValue(closedBy) ? [closedBy === 'client' ? 'F' : 'f'] : [];
      return wanted.every((letter) => zeekHistory.includes(letter));
    },
  ],
  [
    'a close takes three or four segments, and only a close has such a number',
    ({ ending, closeSegments }) =>
      ending === 'closed' ? closeSegments === 3 || closeSegments === 4 : closeSegments === undefined,
  ],
  [
    'a close leaves TIME-WAIT with who closed first',
    ({ ending, closedBy, timeWait }) =>
      ending !== 'closed' || (hasValue(closedBy) && timeWait.includes(closedBy)),
  ],
  [
    'a handshake has a SYN,ACK in the history',
    (row) => row.opening !== 'handshake' || /h/i.test(row.zeekHistory),
  ],
  ['midstream has none', (row) => row.opening !== 'midstream' || !/[sh]/i.test(row.zeekHistory)],
  [
    'completeness has FIN and RST where the history has them',
    ({ completeness, zeekHistory }) =>
      ((completeness & 16) !== 0) === /f/i.test(zeekHistory) &&
      ((completeness & 32) !== 0) === /r/i.test(zeekHistory),
  ],
  [
    'no part takes longer than the whole',
    ({ durationNs, handshakeNs = 0, halfClosedNs = 0, finAckNs = 0, rttMaxNs = 0 }) =>
      [handshakeNs, halfClosedNs, finAckNs, rttMaxNs].every((ns) => ns >= 0 && ns <= durationNs),
  ],
  [
    'round trips: minimum, median, maximum',
    ({ rttMinNs, rttMedianNs, rttMaxNs }) =>
      rttMinNs === undefined || (rttMinNs <= (rttMedianNs ?? -1) && (rttMedianNs ?? -1) <= (rttMaxNs ?? -1)),
  ],
  [
    'retransmissions have one reason each',
    ({ retransmissions, spurious, fast, timeouts }) =>
      retransmissions.client + retransmissions.server === spurious + fast + timeouts,
  ],
  [
    'no anomaly where nothing is odd',
    ({ anomalies, zeekHistory }) => !QUIET.test(zeekHistory) || anomalies.length === 0,
  ],
];

/** A whole conversation that ends in FINs, without retransmission, gap or RST. */
const QUIET = /^Sh[ADad]*(F[Aad]*f|f[Aad]*F)[Aa]*$/;

function hasValue<T>(value: T | undefined): value is T {
  return value !== undefined;
}

for (const [title, holds] of INVARIANTS) {
  test(`each row of Zeek’s captures: ${title}`, async (t) => {
    if (!requireCapability(t, 'corpus', missingCorpus('zeek'))) return;
    for (const each of corpusCases('zeek') as Case[]) {
      for (const { row } of await analyze(each)) t.true(holds(row), `${each.trace} ${row.client.port}`);
    }
  });
}
