import test from 'ava';
import { findScenario } from '../../harness/scenario/catalogue.ts';
import { Stage } from '../../harness/scenario/stage.ts';
import { shareLab } from '../support/shared-lab.ts';

const privateLab = shareLab(test);

test('a close puts the settings back though a connection cannot be stopped, and then says so', async (t) => {
  const lab = privateLab(t);
  const scenario = findScenario('lost-fin');
  if (lab === undefined || scenario === undefined) return;
  const sysctl = 'net.ipv4.tcp_rto_min_us';
  const usual = await lab.readSysctl(sysctl);
  const stage = await Stage.open(lab, scenario, { wait: {} });
  t.not(await lab.readSysctl(sysctl), usual);
  const stop = stage.main.stop.bind(stage.main);
  stage.main.stop = async () => {
    await stop();
    throw new Error('told not to stop');
  };
  await t.throwsAsync(stage.close(), { message: 'told not to stop' });
  t.is(await lab.readSysctl(sysctl), usual);
});
