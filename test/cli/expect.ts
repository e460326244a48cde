import test from 'ava';
import { finwait } from '../support/finwait.ts';
import { fileOf, PCAP, pcapOf, SEGMENTS } from './_capture-files.ts';

const CLOSE = `client > server  SYN
server > client  SYN,ACK   ack 1
client > server  ACK
client > server  ACK       len 100
server > client  ACK       within 5 ms
client > server  FIN,ACK
server > client  ACK       # may ride on the FIN
server > client  FIN,ACK
client > server  ACK
end
`;
const SINGLE = pcapOf(SEGMENTS.slice(0, 9));

interface ExpectJson {
  readonly schemaVersion: number;
  readonly connection: number;
  readonly client: { readonly port: number };
  readonly verdict: { readonly status: string; readonly mismatches: readonly { readonly frame?: number }[] };
}

test('a text that fits: the ladder, met, exit code 0', async (t) => {
  const { exitCode, stdout, stderr } = await finwait([
    'expect',
    fileOf(t, CLOSE, 'close.txt'),
    fileOf(t, SINGLE),
  ]);
  t.is(exitCode, 0);
  t.is(stderr, '');
  t.regex(stdout, /^connection 1\n[^]*FIN,ACK[^]*met +segments as in the text of 9 lines/);
});

test('a text that does not: the mismatch at its segment, exit code 1', async (t) => {
  const text = fileOf(t, CLOSE.replace('len 100', 'len 99'), 'close.txt');
  const { exitCode, stdout } = await finwait(['expect', text, fileOf(t, SINGLE)]);
  t.is(exitCode, 1);
  t.regex(
    stdout,
    /#4 .*PSH,ACK.*\n.*violated.*\n.*Expected +client → server {2}ACK {2}len 99 {2}\(line 4\)\n.*Observed .*len 100/,
  );
});

test('--strict, or the text’s own "strict", takes it segment by segment', async (t) => {
  const strictly = await finwait(['expect', fileOf(t, CLOSE, 'close.txt'), fileOf(t, SINGLE), '--strict']);
  t.is(strictly.exitCode, 0);
  const merged = CLOSE.replace('client > server  ACK\n', '');
  const [lenient, strict] = await Promise.all([
    finwait(['expect', fileOf(t, merged, 'close.txt'), fileOf(t, SINGLE)]),
    finwait(['expect', fileOf(t, `strict\n${merged}`, 'close.txt'), fileOf(t, SINGLE)]),
  ]);
  t.is(lenient.exitCode, 0, 'the handshake’s ACK rides on the data, or is one more');
  t.is(strict.exitCode, 1);
});

test('--connection chooses one of several; without it they are counted, exit code 2', async (t) => {
  const text = fileOf(t, 'client > server SYN\nserver > client RST\n', 'refused.txt');
  const capture = fileOf(t, PCAP);
  const [fourth, first, none, unsaid, odd] = await Promise.all([
    finwait(['expect', text, capture, '--connection', '4', '--json']),
    finwait(['expect', text, capture, '--connection', '1', '--json']),
    finwait(['expect', text, capture, '--connection', '5']),
    finwait(['expect', text, capture]),
    finwait(['expect', text, capture, '--connection', 'four']),
  ]);
  t.is(fourth.exitCode, 0);
  const met = JSON.parse(fourth.stdout) as ExpectJson;
  t.like(met, { schemaVersion: 1, connection: 4, client: { port: 40_004 }, verdict: { status: 'met' } });
  t.is(first.exitCode, 1);
  t.is((JSON.parse(first.stdout) as ExpectJson).verdict.mismatches[0]?.frame, 2);
  t.is(none.exitCode, 2);
  t.regex(none.stderr, /has 4 connections, and none with the id 5/);
  t.is(unsaid.exitCode, 2);
  t.regex(unsaid.stderr, /has 4 connections\.\nChoose one by --connection/);
  t.is(odd.exitCode, 2);
  t.regex(odd.stderr, /not "four"/);
});

test('a damaged capture proves nothing: undetermined, exit code 4', async (t) => {
  const text = fileOf(t, CLOSE, 'close.txt');
  const cut = fileOf(t, SINGLE.slice(0, SINGLE.length - 20));
  const { exitCode, stdout } = await finwait(['expect', text, cut, '--json']);
  t.is(exitCode, 4);
  t.is((JSON.parse(stdout) as ExpectJson).verdict.status, 'undetermined');
});

test('a text that cannot be read: line, column and caret, exit code 2', async (t) => {
  const text = fileOf(t, 'client > server  SYN\nserver > client  SYN,ACK  ack one\n', 'wrong.txt');
  const { exitCode, stderr } = await finwait(['expect', text, fileOf(t, SINGLE)]);
  t.is(exitCode, 2);
  t.regex(
    stderr,
    /wrong\.txt, line 2, column 31: "one" is not a whole number\n {2}server > client .*\n {32}\^/,
  );
});

test('a file that is missing, an argument that is, or one too many: exit code 2', async (t) => {
  const text = fileOf(t, CLOSE, 'close.txt');
  for (const args of [
    [],
    [text],
    [text, 'missing.pcap'],
    ['missing.txt', fileOf(t, SINGLE)],
    [text, text, text],
  ]) {
    const { exitCode, stderr } = await finwait(['expect', ...args]);
    t.is(exitCode, 2, args.join(' '));
    t.regex(stderr, /^ERR_FINWAIT_USAGE/);
  }
});
