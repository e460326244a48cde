import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { openSampler, snapshot } from '../../harness/kernel/sampler.ts';
import type { SocketSample } from '../../harness/model/observation.ts';
import { pace } from '../../harness/timing.ts';
import { requireCapability } from '../support/require.ts';
import { writeProgram } from '../support/write-program.ts';

function requireSs(t: ExecutionContext): boolean {
  return requireCapability(t, 'ss', which('ss') === undefined ? 'ss is not installed' : undefined);
}

function which(tool: string): string | undefined {
  try {
    const path = `${process.env['PATH'] ?? ''}:/usr/sbin:/sbin`;
    return execFileSync('sh', ['-c', `command -v ${tool}`], { env: { PATH: path }, encoding: 'utf8' }).trim();
  } catch {
    return undefined;
  }
}

async function listen(): Promise<{ server: Server; port: number }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

/** Runs with these scripts, and nothing else, on the PATH. */
async function withTools(
  tools: Readonly<Record<string, string>>,
  run: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'finwait-tools-'));
  symlinkSync(which('sh') ?? '/bin/sh', join(folder, 'sh'));
  for (const [name, script] of Object.entries(tools)) {
    writeProgram(join(folder, name), `#!/bin/sh\n${script}\n`);
  }
  const before = process.env['PATH'];
  process.env['PATH'] = folder;
  try {
    await run(folder);
  } finally {
    process.env['PATH'] = before;
    rmSync(folder, { recursive: true });
  }
}

/** The kernel gives a port again whose last connections are still in TIME-WAIT: those are somebody else's. */
function ours(sockets: readonly SocketSample[]): SocketSample[] {
  return sockets.filter(({ state }) => state !== 'TIME-WAIT');
}

// Serial: PATH belongs to the whole test file.

test.serial('both ends of a connection are listed, with the processes when asked for', async (t) => {
  if (!requireSs(t)) return;
  await using sampler = await openSampler();
  const { server, port } = await listen();
  const socket = connect(port, '127.0.0.1');
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(socket, 'connect')])) as [
    [typeof socket],
    [],
  ];

  const plain = await sampler.sample({ ports: [port] });
  t.deepEqual(
    ours(plain.sockets)
      .map(({ state }) => state)
      .sort(),
    ['ESTABLISHED', 'ESTABLISHED', 'LISTEN'],
  );
  t.true(plain.sockets.every(({ processes }) => processes === undefined));
  t.true(plain.startedAtNs < plain.endedAtNs);

  const withProcesses = await sampler.sample({ portRange: [port, port] }, { processes: true });
  t.deepEqual(withProcesses.issues, []);
  t.true(
    ours(withProcesses.sockets).every(({ processes }) => processes?.some(({ pid }) => pid === process.pid)),
  );
  t.deepEqual(
    ours(withProcesses.sockets)
      .map(({ cookie }) => cookie)
      .sort(),
    ours(plain.sockets)
      .map(({ cookie }) => cookie)
      .sort(),
  );

  socket.destroy();
  accepted.destroy();
  server.close();
});

test.serial('requests made at once are answered in order, each with its own filter', async (t) => {
  if (!requireSs(t)) return;
  await using sampler = await openSampler();
  const listeners = await Promise.all([listen(), listen(), listen()]);
  const snapshots = await Promise.all(listeners.map(({ port }) => sampler.sample({ ports: [port] })));
  t.deepEqual(
    snapshots.map(({ sockets }) => ours(sockets).map(({ local }) => local.port)),
    listeners.map(({ port }) => [port]),
  );
  for (const [index, next] of snapshots.slice(1).entries()) {
    t.true((snapshots[index]?.endedAtNs ?? next.endedAtNs) <= next.startedAtNs);
  }
  for (const { server } of listeners) server.close();
});

test.serial('a filter that names no port, or none that exists, is refused', async (t) => {
  if (!requireSs(t)) return;
  await using sampler = await openSampler();
  await t.throwsAsync(sampler.sample({ ports: [] }), { instanceOf: TypeError });
  await t.throwsAsync(sampler.sample({ ports: [70000] }), { instanceOf: TypeError, message: /70000/ });
  await t.throwsAsync(sampler.sample({ portRange: [0.5, 10] }), { instanceOf: TypeError, message: /0\.5/ });
});

test.serial('when ss fails, what it said is in the error, and the next sample is asked anew', async (t) => {
  await withTools(
    { ss: 'read -r _; echo "Cannot open netlink socket: Permission denied" >&2; exit 1' },
    async () => {
      await using sampler = await openSampler();
      for (let attempt = 0; attempt < 2; attempt++) {
        await t.throwsAsync(sampler.sample(), {
          code: 'ERR_FINWAIT_SOCKET_SAMPLING',
          message: /code 1: Cannot open netlink/,
        });
      }
    },
  );
});

test.serial('when the shell dies, the waiting request and later ones are rejected', async (t) => {
  // The parent of ss is half of the loop's pipeline, whose parent is the shell.
  const killShell = 'read -r _; read -r _ _ _ shell _ < /proc/$PPID/stat; kill -KILL $shell $PPID';
  await withTools({ ss: killShell }, async () => {
    await using sampler = await openSampler();
    await t.throwsAsync(sampler.sample(), { code: 'ERR_FINWAIT_SOCKET_SAMPLING', message: /SIGKILL/ });
    await t.throwsAsync(sampler.sample(), { code: 'ERR_FINWAIT_SOCKET_SAMPLING', message: /SIGKILL/ });
  });
});

test.serial(
  'when the loop loses the part that runs ss, the sample is rejected and the next one works',
  async (t) => {
    const killOnce =
      'read -r _; test -e "$FINWAIT_TEST_MARK" && exit 0; : > "$FINWAIT_TEST_MARK"; kill -KILL $PPID';
    await withTools({ ss: killOnce }, async (folder) => {
      process.env['FINWAIT_TEST_MARK'] = `${folder}/killed`;
      await using sampler = await openSampler();
      await t.throwsAsync(sampler.sample(), { code: 'ERR_FINWAIT_SOCKET_SAMPLING', message: /137/ });
      t.deepEqual((await sampler.sample()).sockets, []);
    });
    delete process.env['FINWAIT_TEST_MARK'];
  },
);

test.serial(
  'an ss that ends before it is asked is an error of the sample, and the sampler lives on',
  async (t) => {
    await withTools({ ss: 'echo lost; exit 3' }, async () => {
      await using sampler = await openSampler();
      for (let attempt = 0; attempt < 3; attempt++) {
        await t.throwsAsync(sampler.sample(), {
          code: 'ERR_FINWAIT_SOCKET_SAMPLING',
          message: /code 3.*lost/s,
        });
      }
    });
  },
);

test.serial('lines of ss that cannot be read come with the snapshot', async (t) => {
  await withTools({ ss: 'read -r _; echo "MARS 0 0 127.0.0.1:1 127.0.0.1:2"' }, async () => {
    const { sockets, issues } = await snapshot();
    t.deepEqual(sockets, []);
    t.is(issues[0]?.reason, 'state "MARS" is unknown');
  });
});

test.serial('without ss the error names the tool and how to install it', async (t) => {
  const inSbin = which('ss')?.includes('sbin') === true ? 'this machine keeps ss in sbin' : undefined;
  if (!requireCapability(t, 'no ss in sbin', inSbin)) return;
  await withTools({}, async () => {
    const error = await t.throwsAsync(openSampler(), { code: 'ERR_FINWAIT_TOOL_MISSING', message: /"ss"/ });
    t.regex(String((error as { hint?: string } | undefined)?.hint), /iproute2/);
  });
});

test.serial('a stopped sampler rejects, and stops again without harm', async (t) => {
  if (!requireSs(t)) return;
  const sampler = await openSampler();
  const waiting = sampler.sample();
  await sampler.stop();
  await sampler.stop();
  await t.throwsAsync(waiting, { code: 'ERR_FINWAIT_SOCKET_SAMPLING', message: /stopped/ });
  await t.throwsAsync(sampler.sample(), { message: /stopped/ });
});

test.serial('when the process that opened it is killed, the shell ends', async (t) => {
  if (!requireSs(t)) return;
  const program = `
    import { openSampler } from ${JSON.stringify(new URL('../../harness/kernel/sampler.js', import.meta.url))};
    import { readFileSync } from 'node:fs';
    await openSampler();
    console.log(readFileSync('/proc/self/task/' + process.pid + '/children', 'utf8'));`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [text] = (await once(owner.stdout, 'data')) as [Buffer];
  const shell = Number(text.toString());
  t.true(isRunning(shell));
  owner.kill('SIGKILL');
  while (isRunning(shell)) await pace(5);
});

/** False for a zombie too: not every container has an init that reaps. */
function isRunning(pid: number): boolean {
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
