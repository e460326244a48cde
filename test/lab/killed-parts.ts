/**
 * SIGKILL to each part of a lab in the middle of a run: the verdict is `undetermined`, with the reason, and never
 * `met`; nothing hangs. Serial: a lab is half a dozen processes.
 */
import test, { type ExecutionContext } from 'ava';
import { correlate } from '../../harness/correlate/correlate.ts';
import { orderlyClose } from '../../harness/expect/expectation.ts';
import { judge } from '../../harness/expect/judge.ts';
import type { Lab } from '../../harness/lab/lab.ts';
import type { NetworkKind } from '../../harness/lab/protocol.ts';
import { findScenario } from '../../harness/scenario/catalogue.ts';
import { runScenario, type ScenarioRun } from '../../harness/scenario/run-scenario.ts';
import type { Scenario } from '../../harness/scenario/scenario.ts';
import { killPart, type LabPart, processesOf, stallPart } from '../support/lab-parts.ts';
import { allEnded } from '../support/processes.ts';
import { labFor } from '../support/shared-lab.ts';

/** Four steps: the connection is open before the third. */
const SCENARIO = 'half-close-by-client';

function scenario(): Scenario {
  const found = findScenario(SCENARIO);
  if (found === undefined) throw new Error(`no scenario ${SCENARIO}`);
  return found;
}

async function runWithout(part: LabPart, lab: Lab, step: number): Promise<ScenarioRun> {
  return await runScenario(lab, scenario(), {
    timeoutMs: 1500,
    beforeStep: async (_words, index) => {
      if (index === step) await killPart(part, lab);
    },
  });
}

function allUndetermined(t: ExecutionContext, run: ScenarioRun, reason: RegExp): void {
  t.is(run.status, 'undetermined');
  for (const verdict of run.verdicts) {
    t.is(verdict.status, 'undetermined', verdict.title);
    t.regex(verdict.reason, reason);
    t.deepEqual(verdict.mismatches, []);
  }
}

const REASONS: Readonly<Record<Exclude<LabPart, 'agent'>, RegExp>> = {
  tcpdump: /tcpdump ended before it was told to \(signal 9\)/,
  ss: /the sampling shell ended \(SIGKILL\)/,
  'client peer': /the client peer ended: .*SIGKILL/,
  'server peer': /the server peer ended: .*SIGKILL/,
};

for (const network of ['private', 'host'] as const satisfies readonly NetworkKind[]) {
  for (const part of ['tcpdump', 'ss', 'client peer', 'server peer'] as const) {
    for (const step of [1, 3]) {
      test.serial(`${part} killed before step ${step + 1}, network "${network}": undetermined`, async (t) => {
        const opened = await labFor(t, { network });
        if (opened === undefined) return;
        await using lab = opened;
        allUndetermined(t, await runWithout(part, lab, step), REASONS[part]);
        // A lab that lost a part does not recover, and says so again.
        const next = runScenario(lab, scenario(), { timeoutMs: 1500 });
        if (part === 'server peer') await t.throwsAsync(next, { code: 'ERR_FINWAIT_PROCESS_ENDED' });
        else allUndetermined(t, await next, REASONS[part]);
      });
    }
  }
}

test.serial(
  'a peer that dies after the last step is in every verdict, although the wire looks well',
  async (t) => {
    const opened = await labFor(t, { network: 'private' });
    if (opened === undefined) return;
    await using lab = opened;
    const { steps = [] } = scenario();
    const last = steps.length - 1;
    let killed: Promise<void> | undefined;
    const closing: Scenario = {
      ...scenario(),
      // One more step in which nothing needs to happen.
      steps: [...steps, { who: 'client', command: { verb: 'connect' }, until: {} }],
    };
    const run = await runScenario(lab, closing, {
      beforeStep: async (_words, index) => {
        if (index === last + 1) await (killed = killPart('server peer', lab));
      },
    });
    await killed;
    allUndetermined(t, run, REASONS['server peer']);
  },
);

test.serial(
  'the agent killed in the middle of a run is ERR_FINWAIT_PROCESS_ENDED, and nothing outlives it',
  async (t) => {
    for (const network of ['private', 'host'] as const) {
      const opened = await labFor(t, { network });
      if (opened === undefined) return;
      await using lab = opened;
      const processes = await processesOf(lab);
      const run = runWithout('agent', lab, 2);
      await t.throwsAsync(run, { code: 'ERR_FINWAIT_PROCESS_ENDED' });
      await allEnded(processes);
    }
  },
);

test.serial('the agent killed during a wait ends the wait at once', async (t) => {
  const opened = await labFor(t, { network: 'private' });
  if (opened === undefined) return;
  await using lab = opened;
  await using pair = await lab.pair({ server: 'half-open', client: 'half-close' });
  const waiting = pair.until({ segments: [{ from: 'client', flags: 'FIN' }] }, { timeoutMs: 60_000 });
  await Promise.all([killPart('agent', lab), t.throwsAsync(waiting, { code: 'ERR_FINWAIT_PROCESS_ENDED' })]);
});

test.serial(
  'tcpdump killed during a wait ends the wait at once, and evidence says what is missing',
  async (t) => {
    const opened = await labFor(t, { network: 'private' });
    if (opened === undefined) return;
    await using lab = opened;
    await using pair = await lab.pair({ server: 'auto-end', client: 'half-close' });
    await pair.client.connect();
    await pair.until({ states: { client: 'ESTABLISHED', server: 'ESTABLISHED' } });
    const waiting = pair.until({ segments: [{ from: 'client', flags: 'FIN' }] }, { timeoutMs: 60_000 });
    await Promise.all([
      killPart('tcpdump', lab),
      t.throwsAsync(waiting, { code: 'ERR_FINWAIT_CAPTURE_DIED' }),
    ]);
    await pair.client.end();
    await pair.until({ states: { client: 'TIME-WAIT', server: 'CLOSED' } });
    const timeline = correlate(await pair.evidence());
    t.like(judge(timeline, timeline.connections[0], orderlyClose({ by: 'client' })), {
      status: 'undetermined',
    });
  },
);

const STALLED = [
  ['ss', { lane: 'kernel', kind: 'sampling-failed', detail: /a snapshot of ss did not come within 300 ms/ }],
  ['tcpdump', { lane: 'wire', kind: 'capture-ended', detail: /did not come within 300 ms/ }],
  ['server peer', { lane: 'node', kind: 'reports-lost', detail: /both peers did not come within 300 ms/ }],
] as const;

for (const [part, { detail, ...expected }] of STALLED) {
  test.serial(`${part} stalled: evidence comes all the same, and says what is missing`, async (t) => {
    const opened = await labFor(t, { network: 'private' });
    if (opened === undefined) return;
    await using lab = opened;
    const pair = await lab.pair({ server: 'half-open', client: 'half-close' });
    await pair.client.connect();
    await pair.until({ acknowledged: ['client', 'server'] });
    await stallPart(part, lab);
    const { evidence } = correlate(await pair.evidence({ timeoutMs: 300 }));
    const damage = evidence.damage.find(({ kind }) => kind === expected.kind);
    t.like(damage, expected);
    t.regex(damage?.detail ?? '', detail);
  });
}

test.serial('a scenario during which ss stalls ends, undetermined', async (t) => {
  const opened = await labFor(t, { network: 'private' });
  if (opened === undefined) return;
  await using lab = opened;
  const run = await runScenario(lab, scenario(), {
    timeoutMs: 500,
    beforeStep: async (_words, index) => {
      if (index === 1) await stallPart('ss', lab);
    },
  });
  allUndetermined(t, run, /a snapshot of ss did not come within 5000 ms/);
});

test.serial('what the lab is asked for while its agent stalls ends in time', async (t) => {
  const opened = await labFor(t, { network: 'private' });
  if (opened === undefined) return;
  await using lab = opened;
  await stallPart('agent', lab);
  await Promise.all([
    t.throwsAsync(lab.sample(undefined, { timeoutMs: 300 }), { code: 'ERR_FINWAIT_TIMEOUT' }),
    t.throwsAsync(lab.fence({ timeoutMs: 300 }), { code: 'ERR_FINWAIT_TIMEOUT' }),
    t.throwsAsync(lab.hold({ flags: 'FIN' }), { code: 'ERR_FINWAIT_TIMEOUT', message: /^a gate / }),
    t.throwsAsync(lab.readSysctl('net.ipv4.tcp_fin_timeout'), { code: 'ERR_FINWAIT_TIMEOUT' }),
    t.throwsAsync(lab.spawn('true'), { code: 'ERR_FINWAIT_TIMEOUT' }),
    t.throwsAsync(lab.freePort(), { code: 'ERR_FINWAIT_TIMEOUT' }),
  ]);
});
