import { stripVTControlCharacters } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { execa } from 'execa';
import stringWidth from 'string-width';
import { CATALOGUE } from '../../harness/index.ts';
import { findProgram } from '../../harness/install-hint.ts';
import { finwait } from '../support/finwait.ts';
import { requireCapability } from '../support/require.ts';

// Whether this machine lets the main job run; asked once for all tests of this file.
const refusal = finwait(['doctor']).then(({ exitCode, stdout }) => (exitCode === 0 ? undefined : stdout));

async function mayRun(t: ExecutionContext): Promise<boolean> {
  return requireCapability(t, 'capture', await refusal);
}

interface DemoJson {
  readonly schemaVersion: number;
  readonly runs: readonly {
    readonly scenario: string;
    readonly status: string;
    readonly connection: {
      readonly segments: readonly { readonly segment: { readonly capturedAtNs: string } }[];
    };
    readonly verdicts: readonly { readonly title: string; readonly status: string }[];
  }[];
}

test.serial('the half-close is drawn with its verdicts and claims, and exits with 0', async (t) => {
  if (!(await mayRun(t))) return;
  const { exitCode, stdout } = await finwait(['demo']);
  t.is(exitCode, 0);
  t.regex(stdout, /servers\/half-open/);
  const inOrder = [
    'SYN seq 0',
    'SYN,ACK seq 0 ack 1',
    'client end()',
    'FIN,ACK',
    'server write()',
    'len 11',
    'TIME-WAIT ✓ss',
  ];
  let from = 0;
  for (const part of inOrder) {
    const at = stdout.indexOf(part, from);
    t.true(at >= 0, `${part} in order`);
    from = at;
  }
  t.regex(stdout, /met +client half-closed/);
  t.regex(stdout, /claim 4 confirmed/);
  t.regex(stdout, /claim 5 refuted/);
  t.is(stripVTControlCharacters(stdout), stdout, 'no colours into a pipe');
});

test.serial('a misbehaving peer: exit code 1, the mismatch under the segment that shows it', async (t) => {
  if (!(await mayRun(t))) return;
  const { exitCode, stdout } = await finwait(['demo', 'half-close-by-client', '--mutant', '1']);
  t.is(exitCode, 1);
  t.regex(
    stdout,
    /── RST.*\n.*violated: client half-closed.*\n.*Expected .*\n.*Observed .*RST.*\n.*Cause +client destroy\(\)/,
  );
});

test.serial('--ascii draws with ASCII only', async (t) => {
  if (!(await mayRun(t))) return;
  const { stdout } = await finwait(['demo', 'refused', '--ascii']);
  // The explanation is prose; the ladder starts at the header.
  const ladder = stdout.slice(
    stdout.indexOf('client\n') === -1 ? stdout.indexOf('#1') : stdout.indexOf('client\n'),
  );
  t.notRegex(ladder.split('claim')[0] ?? '', /[^\n\u0020-\u007E]/u);
});

test.serial('--json gives the runs as data', async (t) => {
  if (!(await mayRun(t))) return;
  const { exitCode, stdout } = await finwait(['demo', 'refused', 'destroy-unread', '--json']);
  const { schemaVersion, runs } = JSON.parse(stdout) as DemoJson;
  t.is(exitCode, 0);
  t.is(schemaVersion, 1);
  t.deepEqual(
    runs.map(({ scenario, status }) => `${scenario} ${status}`),
    ['refused met', 'destroy-unread met'],
  );
  t.regex(runs[0]?.connection.segments[0]?.segment.capturedAtNs ?? '', /^\d{19}$/);
});

test.serial('--step asks before each step and draws what it brought about', async (t) => {
  if (!(await mayRun(t))) return;
  const { exitCode, stderr } = await finwait(['demo', 'destroy-idle', '--step'], { input: '\n\n' });
  t.is(exitCode, 0);
  t.regex(
    stderr,
    /step 1 of 2: the client connects[^]*SYN,ACK[^]*step 2 of 2: the client destroys[^]*FIN,ACK/,
  );
});

test.serial('in a terminal it is as wide as the terminal, coloured, and plain with NO_COLOR', async (t) => {
  if (!(await mayRun(t))) return;
  const script = findProgram('script');
  if (
    !requireCapability(t, 'script', script === undefined ? 'script (util-linux) is not installed' : undefined)
  )
    return;
  const command = `stty cols 60; ${process.execPath} dist/harness/cli/main.js demo refused`;
  const inTerminal = async (env: Record<string, string>): Promise<string> => {
    const { stdout } = await execa(script ?? '', ['-qec', command, '/dev/null'], {
      env: { TERM: 'xterm-256color', ...env },
    });
    return stdout;
  };
  const coloured = await inTerminal({ CI: '' });
  t.not(stripVTControlCharacters(coloured), coloured);
  const plain = await inTerminal({ NO_COLOR: '1' });
  t.is(stripVTControlCharacters(plain), plain);
  t.true(plain.split('\n').every((line) => stringWidth(line.trimEnd()) <= 60));
});

test.serial('claims: each of the eight with its outcome, as text and as JSON', async (t) => {
  if (!(await mayRun(t))) return;
  const [drawn, json] = [await finwait(['demo', 'claims']), await finwait(['demo', 'claims', '--json'])];
  t.deepEqual(
    [...drawn.stdout.matchAll(/^claim (\d): /gm)].map(([, claim]) => Number(claim)),
    [1, 2, 3, 4, 5, 6, 7, 8],
  );
  const { schemaVersion, network, claims } = JSON.parse(json.stdout) as {
    schemaVersion: number;
    network: string;
    claims: { claim: number; outcome: string; findings: object[] }[];
  };
  t.is(schemaVersion, 1);
  t.is(claims.length, 8);
  t.true(claims.every(({ outcome, findings }) => outcome === 'undetermined' || findings.length > 0));
  // Without gates some claims have runs that cannot be made.
  t.is(json.exitCode, network === 'private' ? 0 : 4, json.stdout);
});

test('--list names every scenario, and with --mutants its mutants', async (t) => {
  const { stdout } = await finwait(['demo', '--list', '--mutants']);
  for (const { name, title, mutants } of CATALOGUE) {
    t.true(stdout.includes(`${name} `) && stdout.includes(title), name);
    for (const { what } of mutants) t.true(stdout.includes(what), what);
  }
});

test('wrong values of options are refused with exit code 2', async (t) => {
  for (const args of [
    ['demo', '--network', 'moon'],
    ['demo', 'refused', '--mutant', '9'],
    ['demo', 'all', '--mutant', '1'],
    ['demo', 'refused', '--mutants'],
    ['demo', 'claims', '--mutant', '1'],
    ['demo', 'claims', '--step'],
    ['demo', 'claims', 'refused'],
  ]) {
    const { exitCode, stderr } = await finwait(args);
    t.is(exitCode, 2, args.join(' '));
    t.regex(stderr, /^ERR_FINWAIT_USAGE/);
  }
});
