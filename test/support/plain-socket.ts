import net, { type AddressInfo, type Socket } from 'node:net';
import { eventually } from './eventually.ts';

/** A plain socket of the test's own, and what it emitted and read, in order. */
export class PlainSocket implements Disposable {
  readonly events: string[] = [];
  text = '';
  readonly socket: Socket;

  /** @param socket not yet connected, or just accepted; it reads, and stays open after the other end's FIN if made so */
  constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.text += text;
    });
    for (const name of ['connect', 'end', 'close']) socket.on(name, () => this.events.push(name));
    socket.on('error', (error: NodeJS.ErrnoException) => this.events.push(error.code ?? error.message));
  }

  /** Connected once `seen('connect')` resolves; half-open, so only the test ends it. */
  static connect(port: number): PlainSocket {
    const socket = new net.Socket({ allowHalfOpen: true });
    const plain = new PlainSocket(socket);
    socket.connect(port, '127.0.0.1');
    return plain;
  }

  /** Resolves when it has emitted that event, or an error of that code. */
  async seen(event: string): Promise<void> {
    await eventually(
      event,
      () => (this.events.includes(event) ? true : undefined),
      () => this.events.join(', '),
    );
  }

  /** Resolves when all of `text` has been read. */
  async read(text: string): Promise<void> {
    await eventually(
      text,
      () => (this.text === text ? true : undefined),
      () => this.text,
    );
  }

  [Symbol.dispose](): void {
    this.socket.destroy();
  }
}

/** A plain server of the test's own, half-open; `accepted` resolves with its first socket. */
export class PlainServer implements Disposable {
  readonly port: number;
  readonly accepted: Promise<PlainSocket>;
  readonly #server: net.Server;
  readonly #sockets: Socket[] = [];

  static async listen(): Promise<PlainServer> {
    const server = net.createServer({ allowHalfOpen: true });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new PlainServer(server);
  }

  private constructor(server: net.Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    this.accepted = new Promise((resolve) => {
      server.on('connection', (socket) => {
        this.#sockets.push(socket);
        resolve(new PlainSocket(socket));
      });
    });
  }

  [Symbol.dispose](): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}
