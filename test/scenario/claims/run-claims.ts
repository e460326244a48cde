/** The eight claims on a real kernel. */
import test from 'ava';
import { CLAIM_RUNS } from '../../../harness/scenario/claims/claim-runs.ts';
import { outcomeOf, runClaims } from '../../../harness/scenario/claims/run-claims.ts';
import type { ClaimOutcome } from '../../../harness/model/verdict.ts';
import { labFor, shareLab } from '../../support/shared-lab.ts';

const privateLab = shareLab(test);

/** What Linux says of each, in order of their numbers. */
const OUTCOMES: readonly ClaimOutcome[] = [
  'confirmed',
  'confirmed',
  'it depends',
  'confirmed',
  'it depends',
  'confirmed',
  'refuted',
  'confirmed',
];

test.serial(
  'each claim comes out as it does on Linux, each run shows something, with its evidence',
  async (t) => {
    const lab = privateLab(t);
    if (lab === undefined) return;
    const before = await lab.readSysctl('net.ipv4.tcp_fin_timeout');
    const told: string[] = [];
    const reports = await runClaims(lab, { onRun: (what) => told.push(what) });
    t.deepEqual(
      told,
      CLAIM_RUNS.map(({ what }) => what),
    );
    t.deepEqual(
      reports.map(({ claim }) => claim),
      [1, 2, 3, 4, 5, 6, 7, 8],
    );
    t.deepEqual(
      reports.flatMap(({ gaps }) => gaps),
      [],
    );
    t.deepEqual(
      reports.map(({ outcome }) => outcome),
      OUTCOMES,
    );
    for (const { claim, findings } of reports) {
      t.deepEqual(
        [...new Set(findings.map(({ run }) => run))],
        CLAIM_RUNS.filter(({ claims }) => claims.includes(claim)).map(({ what }) => what),
        `claim ${claim}`,
      );
      for (const { evidence, segments } of findings) {
        t.not(evidence, '');
        t.true(segments.length > 0);
      }
    }
    const [, , , , fifth, sixth, seventh] = reports;
    t.regex(
      fifth?.findings.find(({ outcome }) => outcome === 'confirmed')?.states ?? '',
      /TIME-WAIT.*TIME-WAIT/,
    );
    t.true(sixth?.findings.some(({ evidence }) => evidence.startsWith('the server sent its FIN again')));
    t.true(sixth?.findings.some(({ evidence }) => evidence.includes('without a FIN from the other end')));
    t.true(
      seventh?.findings.some(({ evidence }) =>
        /closed first ss lists 12 in TIME-WAIT at the server \(.* left\), of 12 that the client did 0$/.test(
          evidence,
        ),
      ),
    );
    t.is(await lab.readSysctl('net.ipv4.tcp_fin_timeout'), before, 'the shortened time is put back');
  },
);

test.serial('on the host’s loopback what takes gates is named as a gap', async (t) => {
  const lab = await labFor(t, { network: 'host' });
  if (lab === undefined) return;
  try {
    const reports = await runClaims(lab);
    const gaps = new Set(
      reports.flatMap((report) => report.gaps.map(({ run, reason }) => `${run}: ${reason}`)),
    );
    t.deepEqual(
      [...gaps],
      CLAIM_RUNS.filter(({ needsPrivateNetwork }) => needsPrivateNetwork === true).map(
        ({ what }) => `${what}: it needs a private network`,
      ),
    );
    t.is(reports[5]?.outcome, 'undetermined');
    t.is(reports[4]?.outcome, 'refuted');
  } finally {
    await lab.stop();
  }
});

test('some confirm and some refute: it depends; none: undetermined', (t) => {
  const [confirmed, refuted] = [{ outcome: 'confirmed' }, { outcome: 'refuted' }] as const;
  t.is(outcomeOf([confirmed, confirmed]), 'confirmed');
  t.is(outcomeOf([refuted]), 'refuted');
  t.is(outcomeOf([confirmed, refuted, confirmed]), 'it depends');
  t.is(outcomeOf([]), 'undetermined');
});
