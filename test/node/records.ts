/** What a record holds when its program ends, however it ends. */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import type { NodeEvent } from '../../harness/model/node-event.ts';
import { sinceOriginNs } from '../../harness/node/clock.ts';
import { DefinitionTable } from '../../harness/node/definitions.ts';
import { Code, EventSink } from '../../harness/node/event-sink.ts';
import { RecordFile } from '../../harness/node/record-file.ts';
import { decodeRecord, mergeEvents, readRunDirectory } from '../../harness/node/record-reader.ts';
import { builtFile, ChildProgram } from '../support/child-program.ts';
import { eventually } from '../support/eventually.ts';
import { observed, REGISTER } from '../support/observed-program.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

const BYSTANDERS = 'test/support/programs/bystanders';

function names(events: readonly NodeEvent[]): string[] {
  return events.map(({ name }) => name.replace('finwait:', ''));
}

test('after process.exit() in a listener everything is there, and its end', async (t) => {
  using folder = new TemporaryFolder();
  await observed(join(BYSTANDERS, 'exits-in-handler.cjs'), { directory: folder.path });
  const [record] = await readRunDirectory(folder.path);
  t.true(record?.ended);
  t.false(record?.cut);
  t.deepEqual(names(record?.events ?? []).slice(-2), ['socket:end-call', 'process:exit']);
  t.like(record?.events.at(-1), { exitCode: 7 });
});

test('after an uncaught error everything is there', async (t) => {
  using folder = new TemporaryFolder();
  await observed(join(BYSTANDERS, 'unhandled-error.cjs'), { directory: folder.path });
  const [record] = await readRunDirectory(folder.path);
  t.like(
    record?.events.find(({ name }) => name === 'finwait:socket:error'),
    { code: 'ECONNREFUSED' },
  );
  t.like(record?.events.at(-1), { name: 'finwait:process:exit', exitCode: 1 });
});

for (const code of ['-2', '-1', '300', "'3'"]) {
  test(`process.exit(${code}) is told by the code that comes of it, and the record is whole`, async (t) => {
    using folder = new TemporaryFolder();
    const file = join(folder.path, 'exits.cjs');
    writeFileSync(file, `process.exit(${code});`);
    const directory = join(folder.path, 'records');
    const { exitCode } = await observed(file, { directory });
    const [record] = await readRunDirectory(directory);
    t.false(record?.cut);
    t.like(record?.events.at(-1), { name: 'finwait:process:exit', exitCode });
  });
}

test('a worker’s exit code is told as its process gets it; a negative one is left out', async (t) => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, 'workers.cjs');
  const worker = (code: number): string => `new Worker('process.exit(${code})', { eval: true })`;
  writeFileSync(
    file,
    `const { Worker } = require('node:worker_threads'); ${worker(300)}.on('exit', (code) => {
      console.log(code);
      ${worker(-2)};
    });`,
  );
  const directory = join(folder.path, 'records');
  const { stdout } = await observed(file, { directory });
  t.is(stdout.trim(), '300');
  const [main, first, second] = await readRunDirectory(directory);
  t.deepEqual(
    main?.events.filter((event) => event.name === 'finwait:process:worker').map((event) => event.worker),
    [first?.header.threadId, second?.header.threadId],
  );
  t.like(first?.events.at(-1), { name: 'finwait:process:exit', exitCode: 300 });
  t.like(second?.events.at(-1), { name: 'finwait:process:exit', exitCode: undefined });
  t.false(second?.cut);
});

for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
  test(`what a living program did is in its file soon, and stays there after ${signal}`, async (t) => {
    using folder = new TemporaryFolder();
    await using program = new ChildProgram(builtFile('test/support/programs/talks-then-waits.js'), [], {
      env: { NODE_OPTIONS: `--require ${REGISTER}`, FINWAIT_RECORD_DIR: folder.path },
    });
    await program.line(/done/);
    const closes = async (): Promise<number> => {
      const events = mergeEvents(await readRunDirectory(folder.path));
      return names(events).filter((name) => name === 'socket:close').length;
    };
    await eventually('the last close in the record', async () =>
      (await closes()) === 100 ? true : undefined,
    );
    program.kill(signal);
    await program.ended();
    const [record] = await readRunDirectory(folder.path);
    t.false(record?.ended);
    t.false(record?.cut);
    t.is(await closes(), 100);
  });
}

test('workers and children have files of their own, and merge into one order of time', async (t) => {
  using folder = new TemporaryFolder();
  await observed(join(BYSTANDERS, 'worker-threads.mjs'), { directory: folder.path });
  await observed(join(BYSTANDERS, 'cluster-server.cjs'), { directory: folder.path });
  const records = await readRunDirectory(folder.path);
  t.true(records.some(({ header }) => header.threadId > 0));
  t.true(new Set(records.map(({ header }) => header.pid)).size >= 3);
  const merged = mergeEvents(records);
  t.true(merged.every(({ atNs }, index) => index === 0 || atNs >= (merged[index - 1]?.atNs ?? 0n)));
  const worker = merged.find(({ name, threadId }) => name === 'finwait:socket:accept' && threadId > 0);
  t.truthy(worker);
});

test('a bound on the file leaves later sockets out whole, and says how many', async (t) => {
  using folder = new TemporaryFolder();
  const limitBytes = 20_000;
  const program = builtFile('test/support/programs/talks-then-waits.js');
  const env = { FINWAIT_RECORD_LIMIT: String(limitBytes) };
  await observed(program, { args: ['300', 'end'], directory: folder.path, env });
  const [record] = await readRunDirectory(folder.path);
  t.true(record !== undefined && statSync(join(folder.path, record.file)).size <= limitBytes);
  const events = names(record?.events ?? []);
  const kept = events.filter((name) => name === 'socket:accept' || name === 'socket:create').length;
  const leftOut = record?.leftOut;
  t.is(kept + (leftOut?.sockets ?? 0), 600);
  t.true((leftOut?.sockets ?? 0) > 300);
  t.true((leftOut?.events ?? 0) > 5 * (leftOut?.sockets ?? 0));
  // Those that are in it are in it to their end, though the bound came while they lived.
  t.is(events.filter((name) => name === 'socket:close').length, kept);
});

test('what does not fit ends the record, however much room was left for less', async (t) => {
  using folder = new TemporaryFolder();
  const program = builtFile('test/support/programs/talks-then-waits.js');
  // The header alone takes more.
  const env = { FINWAIT_RECORD_LIMIT: '2000' };
  await observed(program, { args: ['3', 'end'], directory: folder.path, env });
  const [name = ''] = readdirSync(folder.path);
  const bytes = readFileSync(join(folder.path, name));
  t.is(bytes.length, 64);
  // Events left out, at their place in the head.
  t.true(bytes.readDoubleLE(16) > 20);
});

test('what names a definition that did not fit is left out, too', async (t) => {
  using folder = new TemporaryFolder();
  const sink = (name: string, limitBytes: number): EventSink => {
    const definitions = new DefinitionTable();
    const made = new EventSink(definitions, false);
    made.recorder = RecordFile.open({ directory: join(folder.path, name), limitBytes, definitions });
    return made;
  };
  sink('measured', 1e6);
  const [measured = ''] = readdirSync(join(folder.path, 'measured'));
  const headerBytes = statSync(join(folder.path, 'measured', measured)).size;
  const full = sink('full', headerBytes + 1100);
  const long = 'x'.repeat(1020);
  for (const code of ['E1', long, long, 'E1']) {
    full.putText(undefined);
    full.put(-1);
    full.putText(code);
    full.putText(undefined);
    full.emit(Code['finwait:socket:error'], sinceOriginNs(), 1);
  }
  (full.recorder as RecordFile).end();
  const [record] = await readRunDirectory(join(folder.path, 'full'));
  t.deepEqual(
    record?.events.map((event) => event.name === 'finwait:socket:error' && event.code),
    ['E1'],
  );
  t.is(record?.leftOut.events, 3);
});

test('sockets that are left out take no room: those before have theirs to the end', async (t) => {
  using folder = new TemporaryFolder();
  const limitBytes = 20_000;
  // Each from an address of its own, which would have to be defined.
  const program = builtFile('test/support/programs/many-addresses.js');
  const env = { FINWAIT_RECORD_LIMIT: String(limitBytes) };
  await observed(program, { args: ['1000'], directory: folder.path, env });
  const [record] = await readRunDirectory(folder.path);
  const events = record?.events ?? [];
  t.like(events.at(-1), { name: 'finwait:process:exit' });
  const first = events.find((event) => event.name === 'finwait:socket:accept')?.socket;
  t.true(events.some((event) => event.name === 'finwait:socket:close' && event.socket === first));
  t.true((record?.leftOut.sockets ?? 0) > 1000);
});

test('a disk that is full ends the record between two events, and the rest is counted', async (t) => {
  using folder = new TemporaryFolder();
  const program = builtFile('test/support/programs/talks-then-waits.js');
  const whole = join(folder.path, 'whole');
  await observed(program, { args: ['300', 'end'], directory: whole });
  const full = join(folder.path, 'full');
  // 16 × 512 octets a file, and no signal: Node ignores SIGXFSZ.
  await execa('sh', ['-c', 'ulimit -f 16; exec "$0" "$@"', process.execPath, program, '300', 'end'], {
    env: { NODE_OPTIONS: `--require ${REGISTER}`, FINWAIT_RECORD_DIR: full },
  });
  const [all] = await readRunDirectory(whole);
  const [record] = await readRunDirectory(full);
  t.true(record?.ended);
  t.false(record?.cut);
  t.true(statSync(join(full, record?.file ?? '')).size <= 8192);
  t.true((record?.events.length ?? 0) > 0);
  t.is((record?.events.length ?? 0) + (record?.leftOut.events ?? 0), all?.events.length ?? 0);
});

test('a header of any length is whole', async (t) => {
  using folder = new TemporaryFolder();
  const args = Array.from({ length: 24 }, () => '€'.repeat(1000));
  await observed(join(BYSTANDERS, 'exits-in-handler.cjs'), { args, directory: folder.path });
  const [record] = await readRunDirectory(folder.path);
  t.deepEqual(record?.header.argv.slice(1), args.slice(0, 23));
  t.true(record?.ended);
});

test('a file cut at any octet gives the events before the cut', async (t) => {
  using folder = new TemporaryFolder();
  await observed(join(BYSTANDERS, 'exits-in-handler.cjs'), { directory: folder.path });
  const [whole] = await readRunDirectory(folder.path);
  const bytes = readFileSync(join(folder.path, whole?.file ?? ''));
  for (let length = 64; length < bytes.length; length++) {
    const part = decodeRecord('cut', bytes.subarray(0, length));
    if (part === undefined) continue;
    t.deepEqual(part.events, whole?.events.slice(0, part.events.length));
    t.true(part.events.length < (whole?.events.length ?? 0));
  }
});

test('a file that is no record is named', (t) => {
  t.throws(() => decodeRecord('x.fwr', new Uint8Array(100)), {
    code: 'ERR_FINWAIT_FORMAT',
    message: /x\.fwr/,
  });
  t.is(decodeRecord('x.fwr', new Uint8Array()), undefined);
});

test('writes are recorded only when asked for', async (t) => {
  using folder = new TemporaryFolder();
  const program = builtFile('test/support/programs/talks-then-waits.js');
  await observed(program, { args: ['2', 'end'], directory: join(folder.path, 'a') });
  await observed(program, {
    args: ['2', 'end'],
    directory: join(folder.path, 'b'),
    env: { FINWAIT_RECORD_WRITES: '1' },
  });
  const [without, with_] = await Promise.all(
    ['a', 'b'].map(async (name) => mergeEvents(await readRunDirectory(join(folder.path, name)))),
  );
  t.false(names(without ?? []).includes('socket:write'));
  const writes = (with_ ?? []).filter((event) => event.name === 'finwait:socket:write');
  t.deepEqual(
    writes.map(({ bytes }) => bytes),
    [8, 8],
  );
});
