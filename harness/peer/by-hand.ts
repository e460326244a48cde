import { realpathSync } from 'node:fs';
import net, { type Server, type Socket } from 'node:net';
import { parseArgs } from 'node:util';
import { formatEndpoint } from '../model/endpoint.ts';
import type { JsReport } from '../model/observation.ts';
import type { Behaviour } from './behaviour.ts';
import { observeSocket } from './observe-socket.ts';

/**
 * Runs a behaviour from the shell when its file is the program that Node was started with:
 * `node dist/servers/half-open.js --port 7000`. Prints one line a call or event; ends on Ctrl-C.
 */
export function runByHand(meta: ImportMeta, kind: 'server' | 'client', behaviour: Behaviour): void {
  if (!isMain(meta)) return;
  const options = readOptions(kind, behaviour);
  if (kind === 'server') void listen(behaviour, options);
  else void connect(behaviour, options);
}

/** Node 20 has no `import.meta.main`. The program may be named through symbolic links, and without its ending. */
function isMain(meta: ImportMeta): boolean {
  const self = realPath(meta.filename);
  const program = process.argv[1];
  if (self === undefined || program === undefined) return false;
  return [program, `${program}.js`].some((path) => realPath(path) === self);
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

interface HandOptions {
  readonly host: string;
  readonly port: number | undefined;
}

function readOptions(kind: 'server' | 'client', behaviour: Behaviour): HandOptions {
  const needsPort = kind === 'client' && behaviour.target !== 'nobody';
  const usage = `usage: node ${process.argv[1] ?? ''} ${needsPort ? '--port PORT' : '[--port PORT]'} [--host ADDRESS]\n${behaviour.about}\n`;
  try {
    const { values } = parseArgs({
      options: { port: { type: 'string' }, host: { type: 'string' }, help: { type: 'boolean' } },
    });
    if (values.help) {
      process.stdout.write(usage);
      process.exit(0);
    }
    const port = values.port === undefined ? undefined : portNumber(values.port);
    if (needsPort && port === undefined) throw new TypeError('--port is missing: which port to connect to');
    return { host: values.host ?? '127.0.0.1', port };
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n${usage}`);
    process.exit(2);
  }
}

function portNumber(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= 65_535) return Number(text);
  throw new TypeError(`--port takes a number from 0 to 65535, not "${text}"`);
}

async function listen(behaviour: Behaviour, { host, port }: HandOptions): Promise<void> {
  const options = { allowHalfOpen: behaviour.allowHalfOpen, pauseOnConnect: !behaviour.reads };
  const onSocket = (socket: Socket): void => {
    run(socket, behaviour, `${socket.remoteAddress ?? ''}:${socket.remotePort ?? ''}`);
    behaviour.alone?.(socket);
  };
  const server =
    (await behaviour.serve?.(options, onSocket, new AbortController().signal)) ??
    net.createServer(options, onSocket);
  server.on('error', fail);
  server.listen(port ?? 0, host, () => {
    say(`listening on ${boundTo(server)}: ${behaviour.about}`);
  });
}

async function connect(behaviour: Behaviour, { host, port }: HandOptions): Promise<void> {
  const target = port ?? (await portWithoutListener(host));
  if (behaviour.dial !== undefined) {
    behaviour.dial({ host, port: target }, (socket) => {
      adopt(socket, behaviour, `${host}:${target}`);
    });
    return;
  }
  const socket = new net.Socket({ allowHalfOpen: behaviour.allowHalfOpen });
  adopt(socket, behaviour, `${host}:${target}`);
  if (!behaviour.reads) socket.pause();
  socket.connect(target, host);
}

/** Before it connects. */
function adopt(socket: Socket, behaviour: Behaviour, peer: string): void {
  socket.once('connect', () => behaviour.alone?.(socket));
  run(socket, behaviour, peer);
  stayUntilClosed(socket);
}

/** A socket that has read the other end's FIN keeps no event loop alive; Node would exit, and so end it. */
function stayUntilClosed(socket: Socket): void {
  const { port1 } = new MessageChannel();
  port1.ref();
  socket.once('close', () => {
    port1.close();
  });
}

function run(socket: Socket, behaviour: Behaviour, peer: string): void {
  observeSocket(socket, (report) => {
    say(`${peer}  ${describe(report)}`);
  });
  socket.on('error', () => undefined);
  const readsItself = behaviour.serve !== undefined || behaviour.dial !== undefined;
  if (behaviour.reads && !readsItself) socket.on('data', () => undefined);
}

async function portWithoutListener(host: string): Promise<number> {
  const server = net.createServer();
  server.on('error', fail);
  await new Promise<void>((resolve) => server.listen(0, host, resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function boundTo(server: Server): string {
  const { address, port } = server.address() as net.AddressInfo;
  return formatEndpoint({ address, port });
}

const startedAtNs = process.hrtime.bigint();

function describe({ atNs, kind, name, by, bytes, code, hadError }: JsReport): string {
  const atMs = (Number(atNs - startedAtNs) / 1e6).toFixed(3);
  const what = kind === 'call' ? `${name}()` : `'${name}'`;
  const details = [
    by === 'node' && 'by Node',
    bytes !== undefined && `${bytes} bytes`,
    code,
    hadError && 'after an error',
  ];
  return [`+${atMs} ms`, what, ...details].filter(Boolean).join('  ');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

function fail(error: Error): never {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}
