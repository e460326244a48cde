/** What the observer tells of programs of several kinds. */
import { join } from 'node:path';
import test from 'ava';
import { all, eventsOf, LISTEN } from '../support/observed-events.ts';

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
