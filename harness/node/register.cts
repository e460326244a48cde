/**
 * `node --require finwait/register app.js`, or `import 'finwait/register'` first in a program: observes this thread's
 * TCP sockets and servers. NODE_OPTIONS hands it to every process of a tree, whichever Node that is and whatever it may
 * read: so it is CommonJS, of words that an old Node reads, and where it cannot observe, the program runs unobserved.
 */
try {
  observe();
} catch {
  // The program has nobody to be told by, and must not be the one that hears of it.
}

function observe(): void {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) return;
  // thread-observer.ts and what it imports, in one file: rolldown.config.js makes it.
  const bundle = './preload.cjs';
  const { installObserver } = require(bundle) as { installObserver: () => unknown };
  installObserver();
  // A program may look through what was loaded.
  for (const file of [require.resolve(bundle), __filename]) Reflect.deleteProperty(require.cache, file);
}
