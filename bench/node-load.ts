/**
 * One load on sockets for {@link benchNode}: prints its figure, and the processor time in ms that it took.
 * `node dist/bench/node-load.js churn|echo|memory`
 */
import { once } from 'node:events';
import net, { type AddressInfo } from 'node:net';

/** Until V8 has compiled what is measured: the program's own code, too. */
const WARM_UP = 10_000;
/** Processor time when a load was warm. */
let measuredFrom = process.cpuUsage();

async function listen(accept: (socket: net.Socket) => void): Promise<{ server: net.Server; port: number }> {
  const server = net.createServer(accept).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

function begin(): number {
  measuredFrom = process.cpuUsage();
  return performance.now();
}

/** Connections opened and closed a second, eight at a time. */
async function churn(count: number): Promise<number> {
  const { server, port } = await listen((socket) => {
    socket.on('data', () => undefined);
  });
  let started = 0;
  let startedAt = 0;
  const one = (): Promise<void> =>
    new Promise((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => socket.end());
      socket.on('data', () => undefined);
      socket.on('close', resolve);
    });
  const lane = async (): Promise<void> => {
    while (started < count + WARM_UP) {
      if (++started === WARM_UP) startedAt = begin();
      await one();
    }
  };
  await Promise.all(Array.from({ length: 8 }, lane));
  const seconds = (performance.now() - startedAt) / 1000;
  server.close();
  return count / seconds;
}

/** Round trips a second of 64 octets on one connection. */
async function echo(count: number): Promise<number> {
  const { server, port } = await listen((socket) => socket.pipe(socket));
  const socket = net.connect(port, '127.0.0.1');
  const message = Buffer.alloc(64);
  let done = 0;
  let startedAt = 0;
  await new Promise<void>((resolve) => {
    socket.on('data', () => {
      if (++done === WARM_UP) startedAt = begin();
      if (done === count + WARM_UP) resolve();
      else socket.write(message);
    });
    socket.write(message);
  });
  const seconds = (performance.now() - startedAt) / 1000;
  socket.destroy();
  server.close();
  return count / seconds;
}

/** Octets of heap and outside it that an open socket takes, of both ends the mean. */
async function memory(count: number): Promise<number> {
  const held: net.Socket[] = [];
  const { server, port } = await listen((socket) => held.push(socket));
  const used = (): number => {
    globalThis.gc?.();
    globalThis.gc?.();
    const { heapUsed, external } = process.memoryUsage();
    return heapUsed + external;
  };
  const dial = async (): Promise<void> => {
    const socket = net.connect(port, '127.0.0.1');
    held.push(socket);
    await once(socket, 'connect');
  };
  for (let number = 0; number < 100; number++) await dial();
  const before = used();
  for (let number = 0; number < count; number++) await dial();
  const octets = (used() - before) / (2 * count);
  for (const socket of held) socket.destroy();
  server.close();
  return octets;
}

const loads: Readonly<Record<string, () => Promise<number>>> = {
  churn: () => churn(50_000),
  echo: () => echo(200_000),
  memory: () => memory(2000),
};
const load = loads[process.argv[2] ?? ''];
if (load === undefined) throw new TypeError('a load is churn, echo or memory');
const figure = await load();
const { user, system } = process.cpuUsage(measuredFrom);
process.stdout.write(`${figure} ${(user + system) / 1000}\n`);
