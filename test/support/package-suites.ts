import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { REGISTER } from './observed-program.ts';

/** A package whose published tarball holds its tests, and which lives on sockets. */
export interface PackageSuite {
  readonly name: string;
  /** The few that `npm test` runs; scripts/node-versions.js runs all. */
  readonly quick: readonly string[];
  /** Files that are no tests of their own, or need packages that are not installed. */
  readonly leftOut: RegExp;
}

export const PACKAGE_SUITES: readonly PackageSuite[] = [
  {
    // WebSockets through a proxy: upgrades, both ends' closes, reconnects.
    name: '@fastify/http-proxy',
    quick: ['ws-prefix-rewrite.js'],
    leftOut: /^(test|socket\.io|http-prefix-rewrite|ws-prefix-rewrite-core|ws-reconnect|export)\.js$/,
  },
  {
    // undici, http, https and http2 against servers that abort, time out and go away.
    name: '@fastify/reply-from',
    quick: ['undici', 'full-post-http2', 'http2-target-crash'].map((name) => `${name}.test.js`),
    leftOut:
      /multipart|formbody|timeout|http2-goaway|on-error|get-upstream|proxy-agent|pseudo|base-path|retry/,
  },
  {
    // Its own HTTP client on bare net and tls sockets: pipelining, resets, reconnects.
    name: 'autocannon',
    quick: ['httpClient.test.js'],
    leftOut: /^(run|cli|forever|workers|progress|print|target|envPort|debug|helper|onPort)/,
  },
];

/** Every test file of the suite that can run here. */
export function allFiles({ name, leftOut }: PackageSuite): string[] {
  return readdirSync(join('node_modules', name, 'test')).filter(
    (file) => file.endsWith('.js') && !leftOut.test(file),
  );
}

export interface SuiteResult {
  /** `ok name` or `not ok name`, sorted: files run at the same time. */
  readonly results: readonly string[];
  readonly exitCode: number | null;
  readonly output: string;
}

/** Runs test files with Node's own test runner, which starts a process a file. */
export async function runSuite(
  { name }: PackageSuite,
  files: readonly string[],
  records?: string,
): Promise<SuiteResult> {
  const args = ['--test', '--test-reporter=tap', ...files.map((file) => join('test', file))];
  const child = spawn(process.execPath, args, {
    cwd: join('node_modules', name),
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      NODE_OPTIONS: records === undefined ? '' : `--require ${REGISTER}`,
      ...(records !== undefined && { FINWAIT_RECORD_DIR: records }),
      // A runner within a runner would report to it.
      NODE_TEST_CONTEXT: undefined,
      NO_COLOR: '1',
    },
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [exitCode] = (await once(child, 'close')) as [number | null];
  const results = [...output.matchAll(/^\s*(not ok|ok) \d+ - (.*)$/gm)].map(([, status, title]) => {
    return `${status ?? ''} ${(title ?? '').replace(/^.*\/test\//, '')}`;
  });
  return { results: results.sort(), exitCode, output };
}
