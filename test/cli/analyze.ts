import { mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import test, { type ExecutionContext } from 'ava';
import { type CommandResult, finwait } from '../support/finwait.ts';
import { segment } from '../support/segment.ts';
import { fileOf, PCAP, pcapOf, SEGMENTS } from './_capture-files.ts';

/** What `analyze` says of the four conversations, with these options. */
async function analyze(t: ExecutionContext, ...options: readonly string[]): Promise<CommandResult> {
  return await finwait(['analyze', fileOf(t, PCAP), ...options]);
}

/** The values of one column of a table. */
function column(stdout: string, name: string): string[] {
  const [header = '', ...lines] = stdout.split('\n');
  const at = header.trim().split(/ +/).indexOf(name);
  return lines.map((line) => line.trim().split(/ +/)[at] ?? '');
}

/** The column of the usual table that has blanks in its values. */
function ended(stdout: string): string[] {
  const [header = '', ...lines] = stdout.split('\n');
  return lines.map((line) => line.slice(header.indexOf('ended'), header.indexOf('zeek')).trim());
}

test('a table: a header, and a row a connection in order of first packets', async (t) => {
  const { exitCode, stdout, stderr } = await analyze(t);
  t.is(exitCode, 0);
  t.is(stderr, '');
  t.deepEqual(column(stdout, 'id'), ['1', '2', '3', '4']);
  t.deepEqual(ended(stdout), ['closed by client', 'closed by server', 'reset by server', 'refused']);
  t.deepEqual(column(stdout, 'duration'), ['8ms', '27ms', '4ms', '1ms']);
  t.false(stdout.includes('anomalies'));
});

test('a terminal is not overflowed: columns go first, then the middle of texts; both are said', async (t) => {
  for (const width of [40, 80, 100, 120]) {
    const { stdout } = await finwait(['analyze', fileOf(t, PCAP)], { env: { COLUMNS: String(width) } });
    const lines = stdout.split('\n').filter((line) => !line.startsWith('(no room for '));
    for (const line of lines) t.true(line.length <= width, `${width}: ${line}`);
    t.is(stdout.includes('(no room for '), width < 120, stdout);
    t.is(stdout.includes('…'), width < 80, stdout);
  }
});

test('--connection with --json: the row, and both ends’ states over time', async (t) => {
  const { stdout } = await analyze(t, '--connection', '1', '--json');
  const [capture, connection] = stdout.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  t.like(capture, { kind: 'capture', schemaVersion: 1 });
  t.like(connection, { kind: 'connection', id: 1, ending: 'closed' });
  const changes = connection?.['stateChanges'] as { side: string; state: string; frame: number }[];
  t.deepEqual(
    changes.map(({ side, state, frame }) => `${frame} ${side} ${state}`),
    [
      ...['1 client SYN-SENT', '1 server SYN-RECEIVED', '2 client ESTABLISHED', '3 server ESTABLISHED'],
      ...['6 client FIN-WAIT-1', '6 server CLOSE-WAIT', '7 client FIN-WAIT-2', '8 client TIME-WAIT'],
      ...['8 server LAST-ACK', '9 server CLOSED'],
    ],
  );
});

test('--where keeps what matches', async (t) => {
  const { stdout } = await analyze(t, '--where', 'closedBy=server or reset');
  t.deepEqual(column(stdout, 'id'), ['2', '3']);
});

test('--sort by a field, --sort=-FIELD the other way; what is not known comes last either way', async (t) => {
  const ids = async (...options: readonly string[]): Promise<string[]> =>
    column((await analyze(t, '--columns', 'id,bytes,closeSegments', ...options)).stdout, 'id');
  t.deepEqual(await ids('--sort', 'bytes'), ['4', '3', '1', '2']);
  t.deepEqual(await ids('--sort=-bytes'), ['2', '1', '3', '4']);
  t.deepEqual(await ids('--sort', 'closedBy'), ['1', '2', '3', '4']);
  t.deepEqual(await ids('--sort=-closedBy'), ['2', '1', '3', '4']);
  t.deepEqual(await ids('--sort=-bytes', '--top', '2'), ['2', '1']);
});

test('--columns names the columns, capitals or not', async (t) => {
  const { stdout } = await analyze(t, '--columns', 'server, CLOSEDBY');
  t.is(stdout.split('\n')[0], 'server          closedBy');
  t.is(stdout.split('\n')[1], '127.0.0.1:7000  client');
});

test('--connection draws the ladder of one', async (t) => {
  const { exitCode, stdout } = await analyze(t, '--connection', '3', '--ascii');
  t.is(exitCode, 0);
  t.regex(stdout, /^connection 3/);
  t.regex(stdout, /SYN seq 0[^]*SYN,ACK[^]*len 7[^]*RST,ACK[^]*reset by server/);
  t.notRegex(stdout, /[^\n\u0020-\u007E]/u);
});

test('--connection with a number that there is not: exit code 2, and how many there are', async (t) => {
  const { exitCode, stdout, stderr } = await analyze(t, '--connection', '5');
  t.is(exitCode, 2);
  t.is(stdout, '');
  t.regex(stderr, /has no connection 5: there are 4\.\n/);
});

test('--summary adds up how connections opened and ended', async (t) => {
  const { stdout } = await analyze(t, '--summary');
  t.regex(stdout, /: 4 connections in 25 TCP packets of 25 frames\n/);
  t.regex(
    stdout,
    /^ +2 {2}closed \(client first 1, server first 1; TIME-WAIT: client 1, server 1; 2 half-closed in between\)$/m,
  );
  t.regex(stdout, /^ +1 {2}reset \(by the client 0, by the server 1; octets not acknowledged: client 7, /m);
  t.regex(stdout, /^ +1 {2}refused$/m);
  t.regex(stdout, /^ {2}opened +handshake 3, refused 1$/m);
  t.regex(stdout, /^ {2}handshakes +median 2 ms, from 2 ms to 2 ms, of 3 connections$/m);
});

test('--json: a line for the capture with the schema version, one a connection, one for the counts', async (t) => {
  const { stdout } = await analyze(t, '--json');
  const lines = stdout.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  t.deepEqual(
    lines.map(({ kind }) => kind),
    ['capture', 'connection', 'connection', 'connection', 'connection', 'summary'],
  );
  t.is(lines[0]?.['schemaVersion'], 1);
  t.like(lines[1], { id: 1, startNs: '1700000000001000000', closedBy: 'client', zeekHistory: 'ShADaFf' });
  t.regex(String(lines[1]?.['communityId']), /^1:.{28}$/);
  t.like(lines[5], { connections: 4, frames: 25, damage: [], closedBy: { client: 1, server: 1 } });
});

test('--summary --json gives the counts alone', async (t) => {
  const { stdout } = await analyze(t, '--summary', '--json');
  t.deepEqual(
    stdout.split('\n').map((line) => (JSON.parse(line) as { kind: string }).kind),
    ['capture', 'summary'],
  );
});

test('--format zeek: conn.log with its header, also with --where and --top', async (t) => {
  const { stdout } = await analyze(t, '--format', 'zeek', '--where', 'closed', '--sort=-bytes', '--top', '1');
  const lines = stdout.split('\n');
  t.is(lines[0], String.raw`#separator \x09`);
  const fields =
    lines
      .find((line) => line.startsWith('#fields'))
      ?.split('\t')
      .slice(1) ?? [];
  const rows = lines.filter((line) => !line.startsWith('#'));
  t.is(rows.length, 1);
  const values = rows[0]?.split('\t') ?? [];
  const row = Object.fromEntries(fields.map((name, at) => [name, values[at]]));
  t.like(row, { 'id.orig_p': '40002', 'id.resp_p': '7000', conn_state: 'SF', resp_bytes: '300' });
});

test('--format zeek-json: a JSON object a row, in Zeek’s names', async (t) => {
  const { stdout } = await analyze(t, '--format', 'zeek-json');
  const rows = stdout.split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
  t.deepEqual(
    rows.map(({ conn_state }) => conn_state),
    ['SF', 'SF', 'RSTR', 'REJ'],
  );
  t.like(rows[0], { 'id.orig_h': '127.0.0.1', 'id.orig_p': 40_001, proto: 'tcp', orig_pkts: 5 });
});

test('standard input: whole, and in pieces of seven bytes', async (t) => {
  const { stdout } = await analyze(t);
  const pieces = Array.from({ length: Math.ceil(PCAP.length / 7) }, (_, at) =>
    PCAP.subarray(at * 7, at * 7 + 7),
  );
  for (const input of [PCAP, gzipSync(PCAP), Readable.from(pieces)]) {
    const told = await finwait(['analyze', '-'], { input });
    t.is(told.stdout, stdout);
    t.is(told.exitCode, 0);
  }
});

test('live: a connection that is over is told while the pipe is still open', async (t) => {
  const input = new Readable({ read: () => undefined });
  // The second connection begins ten seconds later: no straggler of the first is waited for any more.
  input.push(pcapOf(SEGMENTS.slice(0, 10)));
  const seen: string[] = [];
  const { exitCode } = await finwait(['analyze', '-', '--format', 'zeek-json'], {
    input,
    onLine: (line) => {
      seen.push(line);
      input.push(null);
    },
  });
  t.is(exitCode, 0);
  t.is(seen.length, 2);
  t.like(JSON.parse(seen[0] ?? ''), { 'id.orig_p': 40_001, conn_state: 'SF' });
});

test('gzip is known by its first bytes, whatever the file is called', async (t) => {
  const { stdout } = await analyze(t);
  t.is((await finwait(['analyze', fileOf(t, gzipSync(PCAP), 'capture.bin')])).stdout, stdout);
});

test('several files: each by its name; one header for all in Zeek’s format', async (t) => {
  const [a, b] = [fileOf(t, PCAP), fileOf(t, PCAP)];
  const tables = await finwait(['analyze', a, b, '--columns', 'id']);
  t.deepEqual(
    tables.stdout.split('\n').map((line) => line.trim()),
    [`${a}:`, 'id', '1', '2', '3', '4', '', `${b}:`, 'id', '1', '2', '3', '4'],
  );
  const zeek = await finwait(['analyze', a, b, '--format', 'zeek']);
  t.is(zeek.stdout.match(/#fields/g)?.length, 1);
  t.is(zeek.stdout.match(/\tREJ\t/g)?.length, 2);
});

test('a file that is cut: told as far as it goes, where it was cut on stderr, exit code 4', async (t) => {
  const { exitCode, stdout, stderr } = await finwait([
    'analyze',
    fileOf(t, PCAP.subarray(0, PCAP.length - 10)),
  ]);
  t.is(exitCode, 4);
  t.is(ended(stdout).at(-1), 'unanswered');
  t.regex(stderr, new RegExp(`: cut at byte ${PCAP.length - 70}: it ends after 60 of the 70 bytes`));
});

test('a gzip file that is cut: likewise', async (t) => {
  // Incompressible enough that the cut loses only the end.
  const gzip = gzipSync(PCAP, { level: 0 });
  const { exitCode, stdout, stderr } = await finwait(['analyze', fileOf(t, gzip.subarray(0, -200))]);
  t.is(exitCode, 4);
  t.is(column(stdout, 'id')[0], '1');
  t.regex(stderr, /gzip data are damaged: unexpected end of file/);
});

const UNREADABLE: readonly (readonly [title: string, bytes: string | Uint8Array, problem: RegExp])[] = [
  ['no capture', 'hello, world', /: Not a capture: at byte 0 found 0x68656c6c/],
  ['empty', '', /: Not a capture: at byte 0 found nothing: it is empty/],
  ['less than a header', PCAP.subarray(0, 10), /at byte 0 found 10 of 24 header bytes/],
  ['no gzip after all', Uint8Array.of(0x1f, 0x8b, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10), /gzip data are damaged/],
];

for (const [title, bytes, problem] of UNREADABLE) {
  test(`a file that is ${title}: exit code 4, its name and what was found`, async (t) => {
    const file = fileOf(t, bytes, 'empty');
    const { exitCode, stdout, stderr } = await finwait(['analyze', file]);
    t.is(exitCode, 4);
    t.is(stdout, '');
    t.true(stderr.startsWith(`ERR_FINWAIT_FORMAT: ${file}`), stderr);
    t.regex(stderr, problem);
  });
}

test('a file that there is not, a directory: exit code 2', async (t) => {
  const file = fileOf(t, PCAP);
  const directory = path.join(path.dirname(file), 'directory');
  mkdirSync(directory);
  for (const [wrong, problem] of [
    [`${file}.not`, /cannot be read: there is no such file\n/],
    [directory, /cannot be read: it is a directory\n/],
  ] as const) {
    const { exitCode, stderr } = await finwait(['analyze', wrong]);
    t.is(exitCode, 2);
    t.regex(stderr, /^ERR_FINWAIT_USAGE: /);
    t.regex(stderr, problem);
  }
});

test('without WebAssembly: what to leave out, exit code 2', async (t) => {
  const { exitCode, stdout, stderr } = await finwait(['analyze', fileOf(t, PCAP)], { node: ['--jitless'] });
  t.is(exitCode, 2);
  t.is(stdout, '');
  t.regex(stderr, /ERR_FINWAIT_USAGE: .*WebAssembly.*\nLeave --jitless out/);
});

test('too few addresses for WebAssembly: how to do without, and that works', async (t) => {
  const file = fileOf(t, PCAP);
  const ulimit = '-v 6000000';
  const { exitCode, stderr } = await finwait(['analyze', file], { ulimit });
  // Node 24 and later do without by themselves.
  if (Number.parseInt(process.versions.node) < 24) {
    t.is(exitCode, 3);
    t.regex(
      stderr,
      /^ERR_FINWAIT_MEMORY: .*10 GB.*\n.*ulimit -v unlimited.*NODE_OPTIONS=--disable-wasm-trap-/,
    );
  } else t.deepEqual([exitCode, stderr], [0, '']);
  const env = { NODE_OPTIONS: '--disable-wasm-trap-handler' };
  const without = await finwait(['analyze', file], { ulimit, env });
  t.deepEqual([without.exitCode, without.stderr], [0, '']);
});

test('no memory to begin with: that, and what to do', async (t) => {
  const { exitCode, stderr } = await finwait(['analyze', fileOf(t, PCAP)], {
    node: ['--wasm-max-mem-pages=4'],
  });
  t.is(exitCode, 3);
  t.regex(stderr, /^ERR_FINWAIT_MEMORY: .*refused memory: there is none to begin with\.\nGive it more/);
});

test('memory that ends in mid-capture: how many connections were open, and what to do', async (t) => {
  const syns = Array.from({ length: 5000 }, (_, at) =>
    segment({ flags: 'SYN', source: { address: '10.0.0.1', port: at + 1 }, acknowledgmentNumber: 0 }),
  );
  const node = ['--wasm-max-mem-pages=20'];
  const { exitCode, stderr } = await finwait(['analyze', fileOf(t, pcapOf(syns))], { node });
  t.is(exitCode, 3);
  t.regex(stderr, /^ERR_FINWAIT_MEMORY: .*refused memory: \d{3,4} connections are open\.\n.*editcap/);
});

test('a file name cannot steer the terminal', async (t) => {
  const name = 'a\u001B[31mb\u202E.pcap';
  for (const bytes of [PCAP, PCAP.subarray(0, -1), 'no capture']) {
    const file = fileOf(t, bytes, name);
    for (const options of [[], ['--summary'], ['--json'], ['--format', 'zeek'], ['--connection', '9']]) {
      const { stdout, stderr } = await finwait(['analyze', file, file, ...options]);
      t.notRegex(stdout + stderr, /[\u001B\u202E]/u, options.join(' '));
    }
  }
});

test('no file, or standard input twice: exit code 2', async (t) => {
  t.regex((await finwait(['analyze'])).stderr, /analyze needs a capture/);
  const { exitCode, stderr } = await finwait(['analyze', '-', '-'], { input: PCAP });
  t.is(exitCode, 2);
  t.regex(stderr, /Standard input can be read once/);
});

test('--checksums leaves out what its receiver dropped', async (t) => {
  // The builder's checksums are all zero, which is wrong for every packet.
  const { stdout, stderr } = await analyze(t, '--checksums', '--columns', 'id,packets');
  t.true(column(stdout, 'packets').every((packets) => packets === '0'));
  t.regex(stderr, /: 25 packets with a wrong checksum$/);
});

test('docs/analyze.md shows what it really prints', async (t) => {
  const text = readFileSync('docs/analyze.md', 'utf8');
  const shown = [...text.matchAll(/^\$ finwait (analyze capture\.pcap.*)\n((?:(?!\$|```).*\n)*)/gm)];
  t.is(shown.length, 3);
  const cwd = path.dirname(fileOf(t, PCAP));
  for (const [, command = '', output = ''] of shown) {
    const args = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? '');
    t.is(`${(await finwait(args, { cwd })).stdout}\n`, output, command);
  }
});
