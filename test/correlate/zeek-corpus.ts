/** Zeek's own test captures, with the conn.log rows that Zeek 8 writes of them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import test from 'ava';
import { ZeekConnection } from '../../harness/correlate/zeek-connection.ts';
import type { Packet } from '../../harness/model/packet.ts';
import { CaptureReader } from '../../harness/wire/capture-reader.ts';
import { decodePacket } from '../../harness/wire/decode-packet.ts';
import { Decoding, Outcome } from '../../harness/wire/decoding.ts';
import { FragmentTable } from '../../harness/wire/fragment-table.ts';
import { CORPUS, corpusCases, missingCorpus } from '../support/corpus.ts';
import { requireCapability } from '../support/require.ts';

/** A conn.log row: which fields it has differs from case to case. */
type Row = Readonly<Record<string, string | number | null>>;

interface Case {
  readonly trace: string;
  readonly ignoreChecksums: boolean;
  readonly rows: readonly Row[];
}

/** Rows that come out differently, each with what we say in Zeek's place and why. */
const DIFFERENCES: Readonly<Partial<Record<string, { readonly why: string; readonly fields: Row }>>> = {
  'traces/ftp__fake-long-commands.pcap 58634': {
    why: 'Zeek writes X when an FTP command is longer than its limit: that needs the payload, which is never read.',
    fields: { history: 'ShAdDaFf' },
  },
};

interface Flow {
  readonly zeek: ZeekConnection;
  /** Sender and receiver of the first packet: address words, then port. */
  readonly from: string;
  readonly to: string;
}

function endpointsOf(packet: Packet): [from: string, to: string] {
  const { source0, source1, source2, source3, sourcePort } = packet;
  const { destination0, destination1, destination2, destination3, destinationPort } = packet;
  const from = [source0, source1, source2, source3, sourcePort].join(' ');
  const to = [destination0, destination1, destination2, destination3, destinationPort].join(' ');
  return [from, to];
}

/** The connections of a capture, as Zeek tells them apart. */
function readFlows({ trace, ignoreChecksums }: Case): Flow[] {
  const flows: Flow[] = [];
  const current = new Map<string, Flow>();
  const decoding = new Decoding({ checksums: !ignoreChecksums, fragments: new FragmentTable() });
  let startSeconds = -1;
  const reader = new CaptureReader((bytes, start, captured, original, linkType, packet) => {
    if (startSeconds === -1) startSeconds = packet.seconds;
    const outcome = decodePacket(linkType, bytes, start, captured, original, packet, decoding);
    if (outcome !== Outcome.TCP) return;
    const time = packet.seconds - startSeconds + packet.nanoseconds / 1e9;
    const [from, to] = endpointsOf(packet);
    const key = from < to ? `${from} ${to}` : `${to} ${from}`;
    let flow = current.get(key);
    if (flow === undefined || flow.zeek.isReuse(packet) || flow.zeek.hasExpired(time)) {
      flow = { zeek: new ZeekConnection(), from, to };
      flows.push(flow);
      current.set(key, flow);
    }
    flow.zeek.see(packet, from === flow.from ? 0 : 1, time);
  });
  reader.push(readFileSync(path.join(CORPUS, 'zeek', trace)));
  reader.end();
  return flows;
}

/** The columns of a row that TCP decides. */
function columns({ zeek, from, to }: Flow): Row {
  const summary = zeek.summary();
  const [orig, resp] = summary.originatorSide === 0 ? [from, to] : [to, from];
  return {
    'id.orig_p': portOf(orig),
    'id.resp_p': portOf(resp),
    duration: summary.duration ?? null,
    orig_bytes: summary.origBytes ?? null,
    resp_bytes: summary.respBytes ?? null,
    conn_state: summary.connState,
    missed_bytes: summary.missedBytes,
    history: summary.history,
    orig_pkts: summary.origPkts,
    orig_ip_bytes: summary.origIpBytes,
    resp_pkts: summary.respPkts,
    resp_ip_bytes: summary.respIpBytes,
  };
}

function portOf(endpoint: string): number {
  return Number(endpoint.split(' ')[4]);
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

/** Takes out of `rows` the one most like the expected row, and says how it differs. */
function takeLike(expected: Row, rows: Row[]): readonly string[] {
  const ranked = rows
    .filter((row) => row['id.orig_p'] === expected['id.orig_p'] && row['id.resp_p'] === expected['id.resp_p'])
    .map((row) => ({ row, differing: differences(expected, row) }))
    .sort((a, b) => a.differing.length - b.differing.length);
  const best = ranked[0];
  if (best === undefined) return ['no such connection'];
  rows.splice(rows.indexOf(best.row), 1);
  return best.differing;
}

test('Zeek’s captures give Zeek’s conn_state, history, packets, bytes and duration', (t) => {
  if (!requireCapability(t, 'corpus', missingCorpus('zeek'))) return;
  let rowCount = 0;
  let otherProtocols = 0;
  const explained: string[] = [];
  for (const each of corpusCases('zeek') as Case[]) {
    const observed = readFlows(each).map(columns);
    const tcpRows = each.rows.filter((row) => row['proto'] === 'tcp');
    otherProtocols += each.rows.length - tcpRows.length;
    rowCount += tcpRows.length;
    for (const row of tcpRows) {
      const name = `${each.trace} ${String(row['id.orig_p'])}`;
      const difference = DIFFERENCES[name];
      if (difference !== undefined) explained.push(`${name}: ${difference.why}`);
      t.deepEqual(takeLike({ ...row, ...difference?.fields }, observed), [], name);
    }
    t.deepEqual(observed, [], `${each.trace}: connections that Zeek does not have`);
  }
  t.log(
    `${rowCount - explained.length} of ${rowCount} rows equal; of other protocols, left out: ${otherProtocols}`,
  );
  for (const line of explained) t.log(line);
  t.is(rowCount, 103);
  t.is(explained.length, Object.keys(DIFFERENCES).length);
});
