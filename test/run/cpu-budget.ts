import test from 'ava';
import { CpuBudget } from '../../harness/run/cpu-budget.ts';

test('the rest is as long as the processor time that was used asks for', (t) => {
  let usedMs = 0;
  const beganMs = performance.now();
  const budget = new CpuBudget(0.02, { cpuTimeMs: () => usedMs });
  usedMs = 1000;
  const pause = budget.pauseMs();
  // 1 s of the samplers is 2 % of 50 s; the time since the start is taken off.
  t.true(pause > 49_999 - (performance.now() - beganMs) && pause <= 50_000, `${pause}`);
});

test('whoever has used less than the share need not rest', (t) => {
  // A share that no process can exceed: one core for each of a thousand.
  const budget = new CpuBudget(1000, { cpuTimeMs: () => 0 });
  t.is(budget.pauseMs(), 0);
});

test('what this process uses beside its sampling is not charged; what it uses in it is', async (t) => {
  const budget = new CpuBudget(1e-6, { cpuTimeMs: () => 0 });
  spin();
  t.is(budget.pauseMs(), 0);
  await budget.spend(async () => {
    spin();
    await Promise.resolve();
  });
  t.true(budget.pauseMs() > 1000);
});

/** Uses some ms of the processor. */
function spin(): void {
  const before = process.cpuUsage();
  while (process.cpuUsage(before).user + process.cpuUsage(before).system < 5000);
}
