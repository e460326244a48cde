/** What the observer tells of programs of several kinds. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import test from 'ava';
import type { NodeEvent, NodeEventName } from '../../harness/model/node-event.ts';
import { mergeEvents, readRunDirectory } from '../../harness/node/record-reader.ts';
import { bare, observed, REGISTER } from '../support/observed-program.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

/** Runs a program given as text and returns its events. */
async function eventsOf(
  files: Readonly<Record<string, string>>,
  options: { readonly preload?: string } = {},
): Promise<NodeEvent[]> {
  using folder = new TemporaryFolder();
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  const directory = join(folder.path, 'records');
  const { preload } = options;
  const { stderr } = await observed(join(folder.path, Object.keys(files)[0] ?? ''), {
    directory,
    ...(preload !== undefined && { preload: `${preload} --require ${REGISTER}` }),
  });
  if (stderr !== '') throw new Error(stderr);
  return mergeEvents(await readRunDirectory(directory));
}

type Named<Name extends NodeEventName> = Extract<NodeEvent, { readonly name: Name }>;

function all<Name extends NodeEventName>(events: readonly NodeEvent[], name: Name): Named<Name>[] {
  return events.filter((event): event is Named<Name> => event.name === name);
}

const LISTEN = `
const net = require('node:net');
const http = require('node:http');
const listen = (server, job) => server.listen(0, '127.0.0.1', () => job(server.address().port));`;

test('both ends of a connection are told by the same addresses, and the server by where it listens', async (t) => {
  const events = await eventsOf({
    'app.cjs': `${LISTEN}
      const server = net.createServer((socket) => socket.end('bye'));
      listen(server, (port) => net.connect(port, '127.0.0.1').resume().on('close', () => server.close()));`,
  });
  const [listening] = all(events, 'finwait:server:listen');
  const [accept] = all(events, 'finwait:socket:accept');
  const [connect] = all(events, 'finwait:socket:connect');
  t.truthy(connect?.local);
  t.deepEqual(accept?.local, listening?.local);
  t.deepEqual(connect?.peer, listening?.local);
  t.deepEqual(accept?.peer, connect?.local);
  t.is(accept?.server, listening?.server);
  t.like(all(events, 'finwait:server:close-call')[0], { by: 'program' });
  t.is(all(events, 'finwait:server:close').length, 1);
});

test('a destroy() tells what lay unread, who called it and whether the FIN had been read', async (t) => {
  const events = await eventsOf({
    'app.cjs': `${LISTEN}
      const server = net.createServer((socket) => {
        socket.on('readable', function closeIt() {
          // It fires for the octets, and again for the end.
          if (socket._readableState.ended) { socket.destroy(); server.close(); }
        });
      });
      listen(server, (port) => net.connect(port, '127.0.0.1').on('error', () => {}).end('fourteen bytes'));`,
  });
  const destroy = all(events, 'finwait:socket:destroy-call').find(({ unreadBytes }) => unreadBytes > 0);
  t.like(destroy, { by: 'program', unreadBytes: 14, remoteEnded: true });
  t.is(destroy?.site?.user?.functionName, 'closeIt');
  t.regex(destroy?.site?.user?.file ?? '', /app\.cjs$/);
});

test('a package’s call is told with the program’s line behind it', async (t) => {
  const events = await eventsOf({
    'app.cjs': `${LISTEN}
      const { dial } = require('@scope/dialler');
      const server = net.createServer((socket) => socket.end());
      listen(server, function start(port) {
        dial(port).resume().on('close', () => server.close());
      });`,
    'node_modules/@scope/dialler/index.js': `
      exports.dial = (port) => require('node:net').connect(port, '127.0.0.1');`,
  });
  const [create] = all(events, 'finwait:socket:create');
  t.like(create, { role: 'client', by: 'program' });
  t.is(create?.site?.dependency?.package, '@scope/dialler');
  t.is(create?.site?.user?.functionName, 'start');
});

test('each attempt of happy eyeballs is told, and how it failed', async (t) => {
  const events = await eventsOf({
    'app.cjs': `${LISTEN}
      const server = net.createServer((socket) => socket.end());
      const lookup = (_host, _options, done) =>
        done(null, [{ address: '::1', family: 6 }, { address: '127.0.0.1', family: 4 }]);
      listen(server, (port) =>
        net.connect({ port, host: 'both.test', lookup, autoSelectFamily: true })
          .resume().on('close', () => server.close()));`,
  });
  const starts = all(events, 'finwait:socket:connect-start');
  t.deepEqual(
    starts.map(({ attempt, peer }) => [attempt, peer.address]),
    [
      [1, '::1'],
      [2, '127.0.0.1'],
    ],
  );
  t.like(all(events, 'finwait:socket:connect-failed')[0], { attempt: 1, peer: { address: '::1' } });
  t.is(all(events, 'finwait:socket:connect')[0]?.peer?.address, '127.0.0.1');
});

test('HTTP: the layer is named, and a keep-alive socket between requests is idle', async (t) => {
  const events = await eventsOf({
    'app.cjs': `${LISTEN}
      const agent = new http.Agent({ keepAlive: true });
      const server = http.createServer((request, response) => response.end('answer'));
      listen(server, (port) => http.get({ port, host: '127.0.0.1', agent }, (response) => {
        response.resume().on('end', () => setImmediate(() => { agent.destroy(); server.close(); }));
      }));`,
  });
  t.like(all(events, 'finwait:socket:create')[0], { role: 'client', layer: 'http' });
  t.like(all(events, 'finwait:socket:accept')[0], { layer: 'http' });
  t.like(all(events, 'finwait:server:listen')[0], { layer: 'http' });
  t.is(all(events, 'finwait:socket:free').length, 1);
  const destroys = all(events, 'finwait:socket:destroy-call');
  t.true(destroys.every(({ layer, idle }) => layer === 'http' && idle === true));
});

test('fetch() and ws are named as layers', async (t) => {
  const events = await eventsOf({
    'app.cjs': `${LISTEN}
      const { WebSocketServer, WebSocket } = require(${JSON.stringify(join(process.cwd(), 'node_modules/ws'))});
      const server = http.createServer((request, response) => response.end('answer'));
      const sockets = new WebSocketServer({ server });
      sockets.on('connection', (socket) => socket.on('message', () => socket.close()));
      listen(server, async (port) => {
        await (await fetch('http://127.0.0.1:' + port)).text();
        const socket = new WebSocket('ws://127.0.0.1:' + port);
        socket.on('open', () => socket.send('hello'));
        socket.on('close', () => { server.close(); server.closeAllConnections(); });
      });`,
  });
  const created = all(events, 'finwait:socket:create').map(({ layer }) => layer);
  t.deepEqual(created, ['fetch', 'ws']);
  const serverEnds = all(events, 'finwait:socket:end-call').map(({ layer }) => layer);
  t.true(serverEnds.includes('ws'));
});

test('TLS: the socket on top names the one that it lies over, or its own ends', async (t) => {
  const cert = join(process.cwd(), 'node_modules/autocannon/test');
  const events = await eventsOf({
    'app.cjs': `${LISTEN}
      const tls = require('node:tls');
      const { readFileSync } = require('node:fs');
      const [cert, key] = ['cert', 'key'].map((name) => readFileSync(${JSON.stringify(cert)} + '/' + name + '.pem'));
      const server = tls.createServer({ cert, key, passphrase: 'test' }, (socket) => socket.end('bye'));
      listen(server, (port) => tls.connect({ port, host: '127.0.0.1', rejectUnauthorized: false })
        .resume().on('close', () => server.close()));`,
  });
  const [accept] = all(events, 'finwait:socket:accept');
  t.is(accept?.layer, 'tls');
  const over = all(events, 'finwait:socket:create').find((create) => create.over === accept?.socket);
  t.is(over?.layer, 'tls');
  t.true(
    all(events, 'finwait:socket:end-call').some(
      ({ socket, by }) => socket === over?.socket && by === 'program',
    ),
  );
  t.like(
    all(events, 'finwait:socket:create').find(({ role }) => role === 'client'),
    { layer: 'tls' },
  );
});

test('a dropped connection, a timeout and a reset are told', async (t) => {
  const events = await eventsOf({
    'app.cjs': `${LISTEN}
      const server = net.createServer({ pauseOnConnect: true }, (socket) => {
        socket.on('error', () => {});
        server.on('drop', () => socket.setTimeout(1, () => { socket.resetAndDestroy(); server.close(); }));
      });
      server.maxConnections = 1;
      listen(server, (port) => {
        const first = net.connect(port, '127.0.0.1', () =>
          net.connect(port, '127.0.0.1').on('error', () => {}).resume());
        first.on('error', () => {}).resume();
      });`,
  });
  t.truthy(all(events, 'finwait:server:drop')[0]?.peer);
  t.like(all(events, 'finwait:socket:timeout')[0], { timeoutMs: 1 });
  const [reset] = all(events, 'finwait:socket:reset-call');
  t.is(reset?.by, 'program');
  const destroy = all(events, 'finwait:socket:destroy-call').find(({ socket }) => socket === reset?.socket);
  t.is(destroy?.by, 'node');
});

test('Node’s own calls are told as Node’s, and a listener’s as the program’s, in the same place', async (t) => {
  const events = await eventsOf({
    'app.cjs': `${LISTEN}
      let left = 4;
      const close = (server) => () => --left === 0 && server.close();
      const server = net.createServer((socket) => {
        socket.resume().once('data', (kind) => {
          if (String(kind) === '1') socket.on('end', function ends() { socket.end(); });
          if (String(kind) === '2') socket.on('finish', function destroys() { socket.destroy(); });
          if (String(kind) === '3') socket.on('end', () => process.nextTick(function later() { socket.end(); }));
        }).on('close', close(server));
      });
      listen(server, (port) => {
        for (const kind of '0123') net.connect(port, '127.0.0.1').resume().end(kind);
      });`,
  });
  const accepted = new Set(all(events, 'finwait:socket:accept').map(({ socket }) => socket));
  const who = (name: 'finwait:socket:end-call' | 'finwait:socket:destroy-call'): string[] =>
    all(events, name)
      .filter(({ socket }) => accepted.has(socket))
      .map(({ by, site }) => site?.user?.functionName ?? by ?? 'nobody')
      .sort();
  // The tick of kind 3 is queued before Node's own.
  t.deepEqual(who('finwait:socket:end-call'), ['ends', 'later', 'node', 'node']);
  t.deepEqual(who('finwait:socket:destroy-call'), ['destroys', 'node', 'node', 'node']);
});

test('sockets that are no TCP sockets are left out', async (t) => {
  const events = await eventsOf({
    'app.cjs': `${LISTEN}
      const path = require('node:path').join(__dirname, 'pipe');
      const server = net.createServer((socket) => socket.end('x')).listen(path, () => {
        net.connect(path).resume().on('close', () => server.close());
      });`,
  });
  t.deepEqual(
    events.map(({ name }) => name),
    ['finwait:process:exit'],
  );
});

test('above two thousand stacks a second a site is inferred, and says so; a mixed kind never is', async (t) => {
  const clock = resolve('test/support/programs/bystanders/slow-clock.cjs');
  const events = await eventsOf(
    {
      'app.cjs': `${LISTEN}
        let left = 1500;
        const server = net.createServer((socket) => socket.on('error', () => {}).resetAndDestroy());
        listen(server, (port) => {
          const next = () => left-- > 0 ? (left % 2 ? odd() : even()) : server.close();
          const odd = () => net.connect(port, '127.0.0.1').on('error', () => {}).on('close', next);
          const even = () => net.connect(port, '127.0.0.1').on('error', () => {}).on('close', next);
          next();
        });`,
    },
    // On this clock the program takes no second, however slow the machine is.
    { preload: clock },
  );
  const creates = all(events, 'finwait:socket:create');
  t.is(creates.length, 1500);
  t.true(creates.every(({ siteInferred }) => siteInferred !== true));
  const dialled = creates.map(({ site }) => site?.user?.functionName);
  t.deepEqual(
    dialled,
    creates.map((_, index) => (index % 2 === 0 ? 'odd' : 'even')),
  );
  const resets = all(events, 'finwait:socket:reset-call');
  t.falsy(resets[0]?.siteInferred);
  t.true(resets.at(-1)?.siteInferred);
  t.is(new Set(resets.map(({ site }) => JSON.stringify(site))).size, 1);
});

test('a listener of exit that throws hides nothing of the end, only the exit code', async (t) => {
  using folder = new TemporaryFolder();
  await observed('test/support/programs/bystanders/throws-at-exit.cjs', { directory: folder.path });
  const [record] = await readRunDirectory(folder.path);
  t.true(record?.ended);
  const events = mergeEvents(record === undefined ? [] : [record]);
  t.is(all(events, 'finwait:socket:destroy-call').length, 1);
  const [exit] = all(events, 'finwait:process:exit');
  t.truthy(exit);
  t.is(exit?.exitCode, undefined);
});

test('a Node that is too old runs the program unobserved', async (t) => {
  const script = `
    Object.defineProperty(process.versions, 'node', { value: '18.20.8' });
    require(${JSON.stringify(REGISTER)});
    console.log(typeof globalThis[Symbol.for('finwait.observer')]);`;
  using folder = new TemporaryFolder();
  const app = join(folder.path, 'app.cjs');
  writeFileSync(app, script);
  const { exitCode, stdout } = await bare(app);
  t.deepEqual([exitCode, stdout], [0, 'undefined\n']);
});

test('what the observer cannot do is its own trouble: the event is counted as left out', async (t) => {
  using folder = new TemporaryFolder();
  const app = join(folder.path, 'app.cjs');
  const records = join(folder.path, 'records');
  writeFileSync(
    app,
    `${LISTEN}
    const server = net.createServer((socket) => socket.end());
    listen(server, (port) => {
      const client = net.connect(port, '127.0.0.1').resume().on('close', () => server.close());
      // The observer asks this for a socket's own name.
      client._handle.getsockname = () => { throw new Error('not now'); };
    });
    process.on('exit', (code) => console.log('exit', code));`,
  );
  const { stdout, stderr } = await observed(app, { directory: records });
  t.deepEqual([stdout, stderr], ['exit 0\n', '']);
  const [record] = await readRunDirectory(records);
  t.is(record?.leftOut.events, 1);
  t.is(all(record?.events ?? [], 'finwait:socket:close').length, 2);
});

test('a peer is told as the kernel has it, whatever the program calls it', async (t) => {
  const events = await eventsOf({
    'app.cjs': `${LISTEN}
      const server = net.createServer((socket) => socket.end()).listen(0, '::', () => {
        const { port } = server.address();
        const dial = (host, then) => net.connect(port, host).resume().on('close', then);
        dial('0.0.0.0', () => dial('0:0:0:0:0:0:0:1', () => dial('::', () => server.close())));
      });`,
  });
  const peers = all(events, 'finwait:socket:connect').map(({ peer }) => peer?.address);
  t.deepEqual(peers, ['127.0.0.1', '::1', '::1']);
  const targets = all(events, 'finwait:socket:connect-start').map(({ peer }) => peer.address);
  t.deepEqual(targets, ['0.0.0.0', '::1', '::']);
});

test('a socket that one server hands to another is one socket, and then speaks what the other does', async (t) => {
  const events = await eventsOf({
    'app.cjs': `${LISTEN}
      const web = http.createServer((request, response) => response.end('answer'));
      const server = net.createServer((socket) => web.emit('connection', socket));
      listen(server, (port) => http.get({ port, host: '127.0.0.1', agent: false }, (response) => {
        response.resume().on('end', () => server.close());
      }));`,
  });
  const accepts = all(events, 'finwait:socket:accept');
  t.is(accepts.length, 1);
  t.like(
    all(events, 'finwait:socket:end-call').find(({ socket }) => socket === accepts[0]?.socket),
    { layer: 'http' },
  );
  t.true(all(events, 'finwait:socket:close').some(({ socket }) => socket === accepts[0]?.socket));
});

test('an end() that throws is none; one with text tells the octets of its encoding', async (t) => {
  const events = await eventsOf({
    'app.cjs': `${LISTEN}
      const server = net.createServer((socket) => socket.resume());
      listen(server, (port) => {
        const socket = net.connect(port, '127.0.0.1', () => {
          try { socket.end(5); } catch {}
          setImmediate(function really() { socket.end('68656c6c6f', 'hex'); });
        }).resume().on('close', () => server.close());
      });`,
  });
  const [client] = all(events, 'finwait:socket:create');
  const ends = all(events, 'finwait:socket:end-call').filter(({ socket }) => socket === client?.socket);
  t.deepEqual(
    ends.map(({ site, bytes, pendingBytes }) => [site?.user?.functionName, bytes, pendingBytes]),
    [['really', 5, 0]],
  );
});

test('TLS over a pipe, or over a stream that is no socket, is no TCP', async (t) => {
  const cert = join(process.cwd(), 'node_modules/autocannon/test');
  const events = await eventsOf({
    'app.cjs': `${LISTEN}
      const tls = require('node:tls');
      const { Duplex } = require('node:stream');
      const { readFileSync } = require('node:fs');
      const [cert, key] = ['cert', 'key'].map((name) => readFileSync(${JSON.stringify(cert)} + '/' + name + '.pem'));
      const path = require('node:path').join(__dirname, 'pipe');
      const dial = (options, then) => tls.connect({ ...options, rejectUnauthorized: false }).resume()
        .on('end', function () { this.destroy(); }).on('close', then);
      const server = tls.createServer({ cert, key, passphrase: 'test' }, (socket) => socket.end('bye')).listen(path, () =>
        dial({ path }, () => dial({ socket: duplexOver(net.connect(path)) }, () => server.close())));
      const duplexOver = (pipe) => {
        const duplex = new Duplex({
          read() { pipe.resume(); },
          write(chunk, encoding, done) { pipe.write(chunk, done); },
          final(done) { pipe.end(done); },
          destroy(error, done) { pipe.destroy(); done(error); },
        });
        pipe.on('data', (chunk) => duplex.push(chunk)).on('end', () => duplex.push(null));
        return duplex;
      };`,
  });
  t.deepEqual(
    events.map(({ name }) => name),
    ['finwait:process:exit'],
  );
});
