import type { CallSite, CodePosition } from './node-event.ts';

/** `lib/pool.js:88:12`; for a call that a package made, `undici, on behalf of app.js:12:3`. */
export function callSiteText({ user, dependency }: CallSite): string | undefined {
  const own = user && positionText(user);
  if (dependency === undefined) return own;
  return own === undefined ? dependency.package : `${dependency.package}, on behalf of ${own}`;
}

/** The file by its last folder and name: whole paths do not fit beside a ladder. */
export function positionText({ file, line, column }: CodePosition): string {
  const name = file.startsWith('node:') ? file : file.split('/').slice(-2).join('/');
  return `${name}:${line}:${column}`;
}
