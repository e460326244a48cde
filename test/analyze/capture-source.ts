import { readdirSync, readlinkSync } from 'node:fs';
import test from 'ava';
import { analyzeCapture } from '../../harness/analyze/analyze-capture.ts';
import { openCaptureSource } from '../../harness/analyze/capture-source.ts';
import { fileOf, PCAP } from '../cli/_capture-files.ts';

/** How often this process has a file open. */
function openedTimes(file: string): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`) === file;
    } catch {
      // The one that the folder was read by is gone.
      return false;
    }
  }).length;
}

test('a file is open while it is read, whether that comes to an end or is given up, and not without', async (t) => {
  const file = fileOf(t, PCAP);
  await openCaptureSource(file);
  t.is(openedTimes(file), 0, 'nobody reads it');
  await t.throwsAsync(analyzeCapture(await openCaptureSource(file), { maxOpen: 0 }), {
    instanceOf: TypeError,
  });
  t.is(openedTimes(file), 0, 'it could not be begun');
  const opened: number[] = [];
  const note = (): void => {
    opened.push(openedTimes(file));
  };
  await analyzeCapture(await openCaptureSource(file), { onRow: note });
  const signal = AbortSignal.abort(new Error('stopped'));
  await t.throwsAsync(analyzeCapture(await openCaptureSource(file), { signal }), { message: 'stopped' });
  await t.throwsAsync(
    analyzeCapture(await openCaptureSource(file), {
      onPacket: () => {
        note();
        throw new Error('given up');
      },
    }),
    { message: 'given up' },
  );
  t.true(opened.length > 1);
  t.is(opened.at(-1), 1, 'while it is read');
  t.is(openedTimes(file), 0, 'afterwards');
});
