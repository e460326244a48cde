/**
 * Runs scripts of calls on a client and the socket that a server accepted for it, and prints everything that a program
 * can see of them, in the order in which it sees it. First argument: a file with a JSON array of {@link SocketScript}.
 * After each step an octet is sent over a connection of its own, behind everything else that loopback has to deliver, and
 * the event loop turns some times more. So a script has one outcome: on one CPU, whose queue keeps the order, and without
 * Nagle's algorithm, which holds octets until a delayed ACK's timer lets them go.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { once } from 'node:events';
import net, { type AddressInfo, type Socket } from 'node:net';
import { inspect } from 'node:util';
import type { SocketCall, SocketScript } from '../socket-script.ts';

const EVENTS = ['lookup', 'connect', 'ready', 'data', 'end', 'pause', 'resume', 'readable', 'drain'] as const;
const LATE_EVENTS = ['prefinish', 'finish', 'timeout', 'error', 'close', 'own'] as const;
const TURNS = 4;

const lines: string[] = [];

function say(line: string): void {
  lines.push(line);
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Everything that was sent before is delivered, and what it led to, too. */
async function settle(): Promise<void> {
  for (let round = 0; round < 3; round++) {
    const arrived = once(probe.to, 'data');
    probe.from.write('x');
    await arrived;
    await turns(TURNS);
  }
}

async function openProbe(): Promise<{ readonly from: Socket; readonly to: Socket }> {
  const server = net.createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const from = net.connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [to] = await accepted;
  return { from, to: to.resume() };
}

function told(value: unknown): string {
  if (value instanceof Error) return `${value.name} ${String((value as NodeJS.ErrnoException).code)}`;
  if (value instanceof Uint8Array || typeof value === 'string') return `${value.length} octets`;
  return String(value);
}

function listen(
  who: string,
  socket: Socket,
  { reads }: { readonly reads: SocketScript['clientReads'] },
): void {
  for (const name of [...EVENTS, ...LATE_EVENTS]) {
    if ((name === 'data' && reads !== 'data') || (name === 'readable' && reads !== 'readable')) continue;
    socket.on(name, (...args: unknown[]) => {
      say(`${who} ${name} ${name === 'lookup' ? '' : args.map(told).join(' ')}`);
      process.nextTick(say, `${who} tick after ${name}`);
      void Promise.resolve(`${who} microtask after ${name}`).then(say);
      if (name === 'readable') socket.read();
    });
  }
}

function state(who: string, socket: Socket): void {
  const { readyState, destroyed, readableFlowing, readableLength, writableLength, bytesRead, bytesWritten } =
    socket;
  const counts = socket.eventNames().map((name) => `${String(name)}:${socket.listenerCount(name)}`);
  const facts = {
    readyState,
    destroyed,
    readableFlowing,
    readableLength,
    writableLength,
    bytesRead,
    bytesWritten,
  };
  say(`${who} ${JSON.stringify(facts)} ${counts.join(' ')} ${Object.keys(socket).length}`);
}

/** What inspect() shows, without numbers that count every asynchronous thing in the process, and ports. */
function shown(socket: Socket): string {
  return inspect(socket, { depth: 1, breakLength: Infinity })
    .replaceAll(/(async_id_symbol\)?\]?: )\d+/g, '$1N')
    .replaceAll(/(_idleStart|triggerId|asyncId|port|fd): -?\d+/gi, '$1: N')
    .replaceAll(/\d+\.\d+\.\d+\.\d+:\d+|:\d{4,5}:/g, 'ENDS');
}

function perform(who: string, socket: Socket, { verb, octets = 0 }: SocketCall): void {
  const done = (error?: Error | null): void => {
    say(`${who} ${verb} done ${error ? told(error) : ''}`);
  };
  const data = 'x'.repeat(octets);
  const result = ((): unknown => {
    switch (verb) {
      case 'write':
        return socket.write(data, done);
      case 'end':
        return octets === 0 ? socket.end(done) : socket.end(data, done);
      case 'destroyWithError':
        return socket.destroy(new Error('own'));
      case 'read':
        return socket.read(octets === 0 ? undefined : octets);
      case 'emit':
        return socket.emit('own', 1, 2, 3);
      case 'setNoDelay':
      case 'ref':
      case 'unref':
      case 'cork':
      case 'uncork':
      case 'destroy':
      case 'destroySoon':
      case 'resetAndDestroy':
      case 'pause':
      case 'resume':
        return socket[verb]();
    }
  })();
  say(`${who} ${verb}() returned ${result === socket ? 'itself' : told(result)}`);
}

function inMoment({ when }: SocketCall, job: () => void): void {
  const safely = (): void => {
    try {
      job();
    } catch (error) {
      say(`threw ${told(error)}`);
    }
  };
  if (when === 'now') safely();
  else if (when === 'tick') process.nextTick(safely);
  else if (when === 'microtask') queueMicrotask(safely);
  else setImmediate(safely);
}

async function run(script: SocketScript): Promise<void> {
  const ends: { client?: Socket; server?: Socket } = {};
  const { allowHalfOpen, pauseOnConnect, clientReads, serverReads } = script;
  const server = net.createServer({ allowHalfOpen, pauseOnConnect, noDelay: true }, (socket) => {
    ends.server = socket;
    say('server connection');
    listen('server', socket, { reads: serverReads });
  });
  server.listen(0, '127.0.0.1');
  await turns(2);
  const { port } = server.address() as AddressInfo;
  const { clientHalfOpen } = script;
  const client = net.connect(
    { port, host: '127.0.0.1', allowHalfOpen: clientHalfOpen, noDelay: true },
    () => {
      say('client connect callback');
    },
  );
  ends.client = client;
  listen('client', client, { reads: clientReads });
  if (script.waitsForConnect) await settle();
  for (const step of script.steps) {
    for (const call of step) {
      inMoment(call, () => {
        const socket = ends[call.who];
        if (socket !== undefined) perform(call.who, socket, call);
      });
    }
    await settle();
    for (const [who, socket] of Object.entries(ends)) state(who, socket);
  }
  for (const socket of Object.values(ends)) say(shown(socket));
  for (const socket of Object.values(ends)) socket.destroy();
  await settle();
  server.close(() => {
    say('server closed');
  });
  await turns(2);
}

process.on('uncaughtException', (error) => {
  say(`uncaught ${told(error)}`);
});
const probe = await openProbe();
const scripts = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8')) as SocketScript[];
for (const [index, script] of scripts.entries()) {
  say(`# ${index}`);
  await run(script);
}
writeFileSync(1, `${lines.join('\n')}\n`);
// end() and resetAndDestroy() in one tick leave a descriptor that nobody can close: the loop never runs dry.
process.exit(0);
