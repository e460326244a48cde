import { execa } from 'execa';

/** Processes that do nothing but use a core each, until disposed. */
export function startCpuHogs(count: number): AsyncDisposable {
  const hogs = Array.from({ length: count }, () =>
    execa(process.execPath, ['-e', 'for (;;);'], { reject: false, cleanup: true }),
  );
  return {
    async [Symbol.asyncDispose]() {
      for (const hog of hogs) hog.kill('SIGKILL');
      await Promise.all(hogs);
    },
  };
}
