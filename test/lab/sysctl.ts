import { readFileSync } from 'node:fs';
import test from 'ava';
import { labFor, shareLab } from '../support/shared-lab.ts';

const privateLab = shareLab(test);

test('a setting is written in the lab’s network and nowhere else', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  const path = '/proc/sys/net/ipv4/tcp_fin_timeout';
  const before = readFileSync(path, 'utf8');
  await lab.writeSysctl('net.ipv4.tcp_fin_timeout', 7);
  t.is(await lab.readSysctl('net.ipv4.tcp_fin_timeout'), '7');
  t.is(readFileSync(path, 'utf8'), before);
});

test('a setting that does not exist is ERR_FINWAIT_SYSCTL, a name that is none a TypeError', async (t) => {
  const lab = privateLab(t);
  if (lab === undefined) return;
  await t.throwsAsync(lab.readSysctl('net.ipv4.tcp_no_such'), { code: 'ERR_FINWAIT_SYSCTL' });
  await t.throwsAsync(lab.readSysctl('tcp_fin_timeout'), { instanceOf: TypeError });
  await t.throwsAsync(lab.writeSysctl('net.ipv4.tcp_fin_timeout', 'soon'), { code: 'ERR_FINWAIT_SYSCTL' });
});

test('on the host’s loopback settings are read and never written', async (t) => {
  const opened = await labFor(t, { network: 'host' });
  if (opened === undefined) return;
  await using lab = opened;
  const before = await lab.readSysctl('net.ipv4.tcp_fin_timeout');
  t.regex(before, /^\d+$/);
  await t.throwsAsync(lab.writeSysctl('net.ipv4.tcp_fin_timeout', 7), {
    code: 'ERR_FINWAIT_NEEDS_PRIVATE_NETWORK',
  });
  t.is(await lab.readSysctl('net.ipv4.tcp_fin_timeout'), before);
});
