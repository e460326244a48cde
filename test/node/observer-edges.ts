/** What the observer tells where it cannot see all, and of sockets that change hands or names. */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'ava';
import { mergeEvents, readRunDirectory } from '../../harness/node/record-reader.ts';
import { all, eventsOf, LISTEN } from '../support/observed-events.ts';
import { bare, observed, REGISTER } from '../support/observed-program.ts';
import { TemporaryFolder } from '../support/temporary-folder.ts';

test('past two thousand stacks a site is inferred, and says so; a mixed kind never is', async (t) => {
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

test('a rare call on a socket that has come less far than others is read, and not taken for the usual one', async (t) => {
  const clock = resolve('test/support/programs/bystanders/slow-clock.cjs');
  const events = await eventsOf(
    {
      'app.cjs': `${LISTEN}
        let left = 1500;
        const server = net.createServer({ allowHalfOpen: true }, (socket) => {
          socket.on('error', () => {});
          if (left === 0) rare(socket);
          else socket.on('end', () => usual(socket)).resume();
        });
        const usual = (socket) => socket.end();
        const rare = (socket) => socket.end();
        listen(server, (port) => {
          const next = () => (left-- > 0 ? dial() : server.close());
          const dial = () => net.connect(port, '127.0.0.1', function () { this.end(); }).resume().on('close', next);
          next();
        });`,
    },
    { preload: clock },
  );
  const ended = all(events, 'finwait:socket:end-call').filter(
    ({ site }) => site?.user?.functionName === 'usual' || site?.user?.functionName === 'rare',
  );
  t.is(ended.length, 1500);
  t.true(ended.at(-2)?.siteInferred);
  t.is(ended.at(-1)?.site?.user?.functionName, 'rare');
  t.falsy(ended.at(-1)?.siteInferred);
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
