/** What counts as a proof: real runs, and the same runs with a lane taken away. */
import test from 'ava';
import { findScenario } from '../../harness/scenario/catalogue.ts';
import { ARROWS, UNREACHABLE } from '../../harness/scenario/coverage/arrows.ts';
import { cover, isCovered } from '../../harness/scenario/coverage/cover.ts';
import { runScenario, type ScenarioRun } from '../../harness/scenario/run-scenario.ts';
import type { Stage } from '../../harness/scenario/stage.ts';
import type { Connection } from '../../harness/model/connection.ts';
import type { Coverage } from '../../harness/model/coverage.ts';
import { shareLab } from '../support/shared-lab.ts';

const privateLab = shareLab(test);

function proved({ arrows }: Coverage): readonly string[] {
  return arrows.filter(({ proof }) => proof !== undefined).map(({ from, event }) => `${from}: ${event}`);
}

/** The run with other connections. */
function changed(run: ScenarioRun, change: (connection: Connection) => Connection): ScenarioRun {
  const entries = Object.entries(run.connections).map(([name, each]) => [name, change(each)] as const);
  return { ...run, connections: Object.fromEntries(entries) };
}

test('without a run nothing is proved', (t) => {
  const coverage = cover([]);
  t.deepEqual(proved(coverage), []);
  t.true(coverage.states.every(({ proof }) => proof === undefined));
  t.false(isCovered(coverage));
});

test('no arrow is named twice, and one that no program reaches has its reason', (t) => {
  const names = [...ARROWS, ...UNREACHABLE].map(
    ({ from, event, opened = '' }) => `${from} ${event} ${opened}`,
  );
  t.is(new Set(names).size, names.length);
  t.true(UNREACHABLE.every(({ reason }) => reason !== ''));
  t.deepEqual(cover([]).unreachable, UNREACHABLE);
});

test.serial('an arrow takes both lanes: its segment, and ss before and after it', async (t) => {
  const lab = privateLab(t);
  const scenario = findScenario('in-slow-motion');
  if (lab === undefined || scenario === undefined) return;
  const run = await runScenario(lab, scenario);
  t.is(run.status, 'met');
  const whole = proved(cover([run]));
  t.true(whole.includes('FIN-WAIT-1: recv ACK of FIN'));
  t.true(whole.includes('LAST-ACK: recv ACK of FIN'));

  const unwatched = changed(run, (connection) => ({ ...connection, observedStates: [] }));
  t.false(proved(cover([unwatched])).includes('FIN-WAIT-1: recv ACK of FIN'));
  const unseen = changed(run, (connection) => ({ ...connection, segments: [] }));
  t.deepEqual(proved(cover([unseen])), []);
  // ss that shows the state before, and something else after.
  const contradicted = changed(run, (connection) => ({
    ...connection,
    observedStates: connection.observedStates.map((seen) =>
      seen.state === 'FIN-WAIT-2' ? { ...seen, state: 'CLOSING' } : seen,
    ),
  }));
  t.false(proved(cover([contradicted])).includes('FIN-WAIT-1: recv ACK of FIN'));
});

test.serial(
  'a socket that was killed is known by whoever killed it, step by step or in a play',
  async (t) => {
    const lab = privateLab(t);
    const scenario = findScenario('time-wait-killed');
    if (lab === undefined || scenario === undefined) return;
    const { steps = [], ...rest } = scenario;
    const played = {
      ...rest,
      setting: { private: true },
      play: async (stage: Stage) => {
        for (const step of steps) await stage.take(step);
      },
    };
    const run = await runScenario(lab, played);
    t.is(run.status, 'met');
    t.deepEqual(run.killed, { main: ['client'] });
    const twoMsl = cover([run]).arrows.find(({ event }) => event === '2MSL');
    t.is(twoMsl?.proof?.remark, 'killed by ss -K, not by time');
    t.is(cover([{ ...run, killed: {} }]).arrows.find(({ event }) => event === '2MSL')?.proof, undefined);
  },
);

test.serial('a run that was not met proves nothing, and is named with its reason', async (t) => {
  const lab = privateLab(t);
  const scenario = findScenario('half-close-by-client');
  const [mutant] = scenario?.mutants ?? [];
  if (lab === undefined || scenario === undefined || mutant === undefined) return;
  const coverage = cover([await runScenario(lab, scenario, { mutant, timeoutMs: 1500 })]);
  t.deepEqual(proved(coverage), []);
  t.is(coverage.unmet[0]?.scenario, 'half-close-by-client');
  t.not(coverage.unmet[0]?.reason, '');
});
