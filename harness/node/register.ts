/**
 * `node --require finwait/register app.js`, or `import 'finwait/register'` first in a program: observes this thread's
 * TCP sockets and servers.
 */
import { installObserver } from './thread-observer.ts';

installObserver();
