import test from 'ava';
import { captureSettings } from '../../captures/capture-options.ts';
import { startCapture } from '../../captures/tcpdump.ts';

test('without options: TCP on lo, headers only', (t) => {
  t.deepEqual(captureSettings({}), {
    interface: 'lo',
    filter: 'tcp',
    snapLength: 128,
    file: undefined,
    bufferKiB: undefined,
    fenceAddress: '127.0.0.1',
  });
});

test('an unknown option is rejected by name, before anything is started', async (t) => {
  const options = { snaplength: 96 } as object;
  await t.throwsAsync(startCapture(options), {
    instanceOf: TypeError,
    message: /^Unknown capture option "snaplength"; known: interface, filter, snapLength, /,
  });
});

const WRONG: readonly { readonly options: object; readonly says: RegExp }[] = [
  { options: { interface: '' }, says: /"interface" must be the name/ },
  { options: { filter: 7 }, says: /"filter" must be a string/ },
  { options: { snapLength: 95 }, says: /"snapLength" must be a whole number from 96/ },
  { options: { snapLength: 128.5 }, says: /"snapLength"/ },
  { options: { file: '' }, says: /"file" must be a path/ },
  { options: { bufferKiB: 0 }, says: /"bufferKiB" must be a whole number from 1/ },
  { options: { fenceAddress: 'localhost' }, says: /"fenceAddress" must be an IP address/ },
  { options: { timeoutMs: '5' }, says: /"timeoutMs"/ },
  { options: { signal: {} }, says: /"signal" must be an AbortSignal/ },
];

for (const { options, says } of WRONG) {
  test(`a wrong option is a TypeError: ${JSON.stringify(options)}`, (t) => {
    t.throws(() => captureSettings(options), { instanceOf: TypeError, message: says });
  });
}
