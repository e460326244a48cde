import test from 'ava';
import { type LadderOptions, renderLadder } from '../../harness/report/terminal/ladder.ts';
import type { Connection } from '../../harness/model/connection.ts';
import type { ClaimResult, Verdict } from '../../harness/model/verdict.ts';
import { goldenNames, matchesGolden } from './_golden.ts';
import {
  halfClose,
  heldFin,
  refused,
  resetWithUnreadData,
  statesInDispute,
  threeSegmentClose,
} from './_stories.ts';

const MET: Verdict = {
  title: 'client half-closed',
  status: 'met',
  reason: 'its FIN (frame 6) was acknowledged, and 16 bytes came after it',
  mismatches: [],
};

const UNDETERMINED: Verdict = {
  title: 'client passes FIN-WAIT-1',
  status: 'undetermined',
  reason: 'it lasted 0.043 ms, and no snapshot fell into it',
  mismatches: [],
};

const VIOLATED: Verdict = {
  title: 'server closed in order',
  status: 'violated',
  reason: 'a RST ended the connection',
  mismatches: [
    {
      expected: 'server → client  FIN,ACK  after the data',
      observed: 'server → client  RST,ACK  +8.874 ms (frame 6)',
      cause: 'server destroy() with 14 unread bytes, app.js:42:10',
      frame: 6,
      seen: '#4 PSH,ACK →   #5 ACK ←   #6 RST,ACK ←',
    },
    { expected: 'client in TIME-WAIT', observed: 'never shown by ss' },
  ],
};

const TIME_WAIT_CLAIM: ClaimResult = {
  claim: 5,
  text: 'After the close both client and server enter TIME-WAIT.',
  outcome: 'refuted',
  evidence: 'only the client was seen in TIME-WAIT (ss)',
};

const HALF_CLOSE: LadderOptions = {
  title: 'half-close',
  explanation:
    'The client ends its direction with a FIN and goes on reading; the server answers late, then ends too.',
  clientLabel: 'clients/half-close.js',
  serverLabel: 'servers/late-reply.js',
  verdicts: [MET, UNDETERMINED],
  claims: [TIME_WAIT_CLAIM],
};

const GOLDEN: Readonly<Record<string, readonly [Connection, LadderOptions]>> = {
  'half-close-80': [halfClose(), HALF_CLOSE],
  'half-close-120': [halfClose(), { ...HALF_CLOSE, columns: 120 }],
  'half-close-60': [halfClose(), { ...HALF_CLOSE, columns: 60 }],
  'half-close-40': [halfClose(), { ...HALF_CLOSE, columns: 40 }],
  'half-close-ascii': [halfClose(), { ...HALF_CLOSE, ascii: true }],
  'half-close-cjk': [
    halfClose(),
    { ...HALF_CLOSE, title: '半关闭', clientLabel: '客户端 半关闭.js', serverLabel: 'サーバー 遅い返事.js' },
  ],
  'three-segment-close': [threeSegmentClose(), {}],
  'reset-unread-data': [resetWithUnreadData(), {}],
  refused: [refused(), {}],
  'held-fin': [heldFin(), {}],
  'held-fin-ascii-40': [heldFin(), { ascii: true, columns: 40 }],
  'states-in-dispute': [statesInDispute(), {}],
  'mismatch-at-its-place': [resetWithUnreadData(), { verdicts: [VIOLATED] }],
  'mismatch-at-its-place-ascii-40': [
    resetWithUnreadData(),
    { verdicts: [VIOLATED], ascii: true, columns: 40 },
  ],
};

for (const [name, [connection, options]] of Object.entries(GOLDEN)) {
  test(`${name} looks as reviewed`, (t) => {
    matchesGolden(t, name, renderLadder(connection, options));
  });
}

test('every golden file belongs to a test', (t) => {
  // Those of run-report.ts are named after their widths.
  const others = /^run-report-(?:100|80|40)$/;
  t.deepEqual(
    goldenNames().filter((name) => !Object.hasOwn(GOLDEN, name) && !others.test(name)),
    [],
  );
});
