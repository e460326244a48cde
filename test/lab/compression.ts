import test from 'ava';
import { correlate } from '../../harness/correlate/correlate.ts';
import { LabSettings } from '../../harness/lab/lab-settings.ts';
import { renderLadder } from '../../harness/report/terminal/ladder.ts';
import { labFor, shareLab } from '../support/shared-lab.ts';

const privateLab = shareLab(test);
const twoHosts = shareLab(test, { network: 'private', hosts: 2 });

const FIN_TIMEOUT = 'net.ipv4.tcp_fin_timeout';

test.serial(
  'what is compressed is in the network, is told with what is usual, and can be put back',
  async (t) => {
    const lab = privateLab(t);
    if (lab === undefined) return;
    await using pair = await lab.pair({ server: 'nobody', client: 'half-close' });
    const compression = await lab.compress({ finTimeoutS: 2, retransmitAfterMs: 20 });
    t.is(await lab.readSysctl(FIN_TIMEOUT), '2');
    t.is(await lab.readSysctl('net.ipv4.tcp_rto_min_us'), '20000');
    const { settings } = await pair.evidence();
    t.like(settings, {
      length: 2,
      0: { sysctl: FIN_TIMEOUT, here: '2 s', usual: '60 s' },
      1: { here: '20 ms', usual: '200 ms' },
    });
    await compression.restore();
    t.is(await lab.readSysctl(FIN_TIMEOUT), '60');
    t.deepEqual((await pair.evidence()).settings, settings, 'some of its times were shorter');
    await using later = await lab.pair({ server: 'nobody', client: 'half-close' });
    t.is((await later.evidence()).settings, undefined);
  },
);

test.serial('a sysctl that is written stands above a ladder’s times, whatever draws it', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await lab.writeSysctl(FIN_TIMEOUT, 7);
  await using pair = await lab.pair({ server: 'nobody', client: 'half-close' });
  await pair.client.connect();
  await pair.until({ segments: [{ from: 'server', flags: 'RST' }] });
  await lab.writeSysctl(FIN_TIMEOUT, 60);
  const timeline = correlate(await pair.evidence());
  t.like(timeline.evidence.settings, [{ sysctl: FIN_TIMEOUT, here: '7 s', usual: '60 s' }]);
  const [connection] = timeline.connections;
  if (connection === undefined) throw new Error('nothing was captured');
  t.regex(renderLadder(connection), /FIN-WAIT-2 7 s \(usual: 60 s\)/);
});

test.serial('a setting that does not exist or is refused changes nothing', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await t.throwsAsync(lab.compress({ finTimeout: 2 } as never), {
    instanceOf: TypeError,
    message: /"finTimeout"/,
  });
  await t.throwsAsync(lab.compress({ synRetries: 2, retransmitAfterAtMostMs: 1 }), {
    code: 'ERR_FINWAIT_SYSCTL',
    message: /tcp_rto_max_ms/,
  });
  t.is(await lab.readSysctl('net.ipv4.tcp_syn_retries'), '6', 'what was set before it is put back');
  const noSuch = lab.compress({ finTimeoutS: 5 }, { 'net.ipv4.tcp_no_such': 1 });
  await t.throwsAsync(noSuch, { code: 'ERR_FINWAIT_SYSCTL', message: /tcp_no_such/ });
  t.is(await lab.readSysctl(FIN_TIMEOUT), '60', 'also before one that does not exist');
  await using pair = await lab.pair({ server: 'nobody', client: 'half-close' });
  t.is((await pair.evidence()).settings, undefined);
});

test.serial('on two hosts the same names and values are refused, for the same reasons', async (t) => {
  const lab = twoHosts(t);
  if (lab === undefined) return;
  await t.throwsAsync(lab.readSysctl('net.ipv4.tcp_no_such'), { code: 'ERR_FINWAIT_SYSCTL' });
  await t.throwsAsync(lab.writeSysctl('net.ipv4.tcp_no_such', 1), { code: 'ERR_FINWAIT_SYSCTL' });
  await t.throwsAsync(lab.writeSysctl(FIN_TIMEOUT, 'soon'), { code: 'ERR_FINWAIT_SYSCTL' });
  await t.throwsAsync(lab.writeSysctl('net..tcp_fin_timeout', 1), { instanceOf: TypeError });
  await t.throwsAsync(lab.writeSysctl('../../tmp/x', 1), { instanceOf: TypeError });
});

test('a network that has taken a value and says no gets the old one back, and the next too', async (t) => {
  const values = new Map([
    ['a', '1'],
    ['b', '1'],
  ]);
  let refused = '';
  const write = (name: string, value: string): Promise<void> => {
    values.set(name, value);
    return name === refused && value === '2' ? Promise.reject(new Error(name)) : Promise.resolve();
  };
  const read = (name: string): Promise<string> => Promise.resolve(values.get(name) ?? '');
  const settings = new LabSettings({ read, write }, () => false);
  refused = 'b';
  await t.throwsAsync(settings.change({ a: 2, b: 2 }), { message: 'b' });
  t.deepEqual([...values.values()], ['1', '1']);
  t.deepEqual(settings.since(process.hrtime.bigint()), []);
});

test('what cannot be put back keeps nothing else from being put back, and stays told', async (t) => {
  const values = new Map([
    ['a', '1'],
    ['b', '1'],
  ]);
  let refuses = false;
  const write = (name: string, value: string): Promise<void> => {
    if (refuses && name === 'b') return Promise.reject(new Error(name));
    values.set(name, value);
    return Promise.resolve();
  };
  const read = (name: string): Promise<string> => Promise.resolve(values.get(name) ?? '');
  const settings = new LabSettings({ read, write }, () => false);
  const compression = await settings.change({ a: 2, b: 2 });
  refuses = true;
  await t.throwsAsync(compression.restore(), { message: 'b' });
  t.deepEqual([...values.values()], ['1', '2']);
  const now = settings.since(process.hrtime.bigint());
  t.deepEqual(
    now.map(({ sysctl }) => sysctl),
    ['b'],
  );
});

/** Takes every value. */
function settingsOf(values: Map<string, string>): LabSettings {
  const write = (name: string, value: string): Promise<void> => {
    values.set(name, value);
    return Promise.resolve();
  };
  return new LabSettings({ read: (name) => Promise.resolve(values.get(name) ?? ''), write }, () => false);
}

test('of changes that overlap the newest is in force, in whatever order they are put back', async (t) => {
  const values = new Map([['a', '60']]);
  const settings = settingsOf(values);
  const [first, second] = await Promise.all([settings.change({ a: 5 }), settings.change({ a: 1 })]);
  await first.restore();
  t.is(values.get('a'), '1');
  await second.restore();
  t.is(values.get('a'), '60');
  t.deepEqual(settings.since(process.hrtime.bigint()), []);
  const [outer, inner] = [await settings.change({ a: 5 }), await settings.change({ a: 1 })];
  await inner.restore();
  t.is(values.get('a'), '5');
  await outer.restore();
  t.is(values.get('a'), '60');
});

test('what is written for good outlasts the changes before it, and is what later ones are put back to', async (t) => {
  const values = new Map([['a', '60']]);
  const settings = settingsOf(values);
  const before = await settings.change({ a: 5 });
  await settings.write('a', 7);
  const after = await settings.change({ a: 1 });
  await before.restore();
  t.is(values.get('a'), '1');
  await after.restore();
  t.is(values.get('a'), '7');
});

test('a lab may be opened with shorter timers', async (t) => {
  const opened = await labFor(t, { network: 'private', time: { finTimeoutS: 3 } });
  if (opened === undefined) return;
  await using lab = opened;
  t.is(await lab.readSysctl(FIN_TIMEOUT), '3');
});

test('on the host’s loopback no timer is shortened', async (t) => {
  const opened = await labFor(t, { network: 'host' });
  if (opened === undefined) return;
  await using lab = opened;
  const before = await lab.readSysctl(FIN_TIMEOUT);
  await t.throwsAsync(lab.compress({ finTimeoutS: 2 }), { code: 'ERR_FINWAIT_NEEDS_PRIVATE_NETWORK' });
  t.is(await lab.readSysctl(FIN_TIMEOUT), before);
});
