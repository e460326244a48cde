import { readFileSync, rmSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import test from 'ava';
import { keepRun } from '../../harness/cli/keep-run.ts';
import { findScenario } from '../../harness/scenario/catalogue.ts';
import { notRun } from '../../harness/scenario/run-scenario.ts';
import { correlate } from '../../harness/correlate/correlate.ts';
import { OPENING, run as tell } from '../support/segment-script.ts';

test('a kept run is a file of its own with all that was seen, raw and joined', (t) => {
  const scenario = findScenario('refused');
  if (scenario === undefined) throw new TypeError('no such scenario');
  const evidence = { main: tell(OPENING) };
  const timeline = correlate(evidence.main);
  const run = { ...notRun(scenario, 'told'), evidence, timeline };
  const [path, other] = [keepRun(run), keepRun(run)];
  t.teardown(() => {
    for (const each of [path, other]) rmSync(dirname(each), { recursive: true });
  });
  t.not(path, other);
  t.is(basename(path), 'refused.json');
  const kept = JSON.parse(readFileSync(path, 'utf8')) as typeof run;
  t.is(kept.status, 'undetermined');
  t.is(kept.evidence.main.segments.length, 3);
  t.is(kept.timeline.connections[0]?.segments.length, 3);
});
