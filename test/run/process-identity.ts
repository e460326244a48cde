import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import {
  holdsOpen,
  isRunning,
  ownIdentity,
  type ProcessIdentity,
} from '../../harness/run/process-identity.ts';
import { temporaryDirectory } from '../support/watched-run.ts';

function own(t: ExecutionContext): ProcessIdentity {
  const identity = ownIdentity();
  if (identity === undefined) throw new Error('/proc does not show this process');
  t.is(identity.pid, process.pid);
  return identity;
}

test('this process runs', (t) => {
  t.true(isRunning(own(t)));
});

test('a process of the same number that started at another time is another', (t) => {
  const { startTicks, ...rest } = own(t);
  t.false(isRunning({ ...rest, startTicks: startTicks - 1 }));
});

test('what ran before the machine was started anew runs no more', (t) => {
  t.false(isRunning({ ...own(t), bootId: 'another' }));
});

test('a number that counts in another namespace tells nothing', (t) => {
  t.is(isRunning({ ...own(t), pidNamespace: 'pid:[1]' }), undefined);
});

test('a process has a file open until it closes it', async (t) => {
  const path = join(await temporaryDirectory(t), 'file');
  const fd = openSync(path, 'w');
  t.true(holdsOpen(process.pid, path));
  closeSync(fd);
  t.false(holdsOpen(process.pid, path));
});
