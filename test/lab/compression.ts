import test from 'ava';
import { applySettings, restoreSettings } from '../../harness/lab/compression.ts';
import { labFor, shareLab } from '../support/shared-lab.ts';

const privateLab = shareLab(test);

test('what is compressed is in the network, is told with what is usual, and can be put back', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  const name = 'net.ipv4.tcp_fin_timeout';
  const before = await lab.readSysctl(name);
  const { changed, settings } = await applySettings(lab, { finTimeoutS: 2, retransmitAfterMs: 20 });
  t.is(await lab.readSysctl(name), '2');
  t.is(await lab.readSysctl('net.ipv4.tcp_rto_min_us'), '20000');
  t.like(settings[0], { sysctl: name, here: '2 s', usual: `${before} s` });
  t.like(settings[1], { here: '20 ms', usual: '200 ms' });
  await restoreSettings(lab, changed);
  t.is(await lab.readSysctl(name), before);
});

test('a setting that does not exist is a TypeError, one that the kernel refuses an error with its name', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await t.throwsAsync(applySettings(lab, { finTimeout: 2 } as never), {
    instanceOf: TypeError,
    message: /"finTimeout"/,
  });
  await t.throwsAsync(applySettings(lab, { synRetries: 2, retransmitAfterAtMostMs: 1 }), {
    code: 'ERR_FINWAIT_SYSCTL',
    message: /tcp_rto_max_ms/,
  });
  t.is(await lab.readSysctl('net.ipv4.tcp_syn_retries'), '6', 'what was set before it is put back');
});

test('on the host’s loopback no timer is shortened', async (t) => {
  const opened = await labFor(t, { network: 'host' });
  if (opened === undefined) return;
  await using lab = opened;
  const before = await lab.readSysctl('net.ipv4.tcp_fin_timeout');
  await t.throwsAsync(applySettings(lab, { finTimeoutS: 2 }), { code: 'ERR_FINWAIT_NEEDS_PRIVATE_NETWORK' });
  t.is(await lab.readSysctl('net.ipv4.tcp_fin_timeout'), before);
});
