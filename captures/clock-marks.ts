import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';

const TOKEN_BYTES = 16;
const MARK_BYTES = TOKEN_BYTES + 4;

/** When a mark was sent: monotonic ns before and after. */
export interface SentMark {
  readonly sentAfterNs: bigint;
  readonly sentBeforeNs: bigint;
}

/**
 * Datagrams from a socket of ours to itself over the loopback interface, for a capture that goes to a file: whoever
 * reads the file meets them there, and knows by their numbers when they were sent.
 */
export class ClockMarks {
  readonly token: Buffer = randomBytes(TOKEN_BYTES);
  /** In order of their numbers, from 0. */
  readonly sent: SentMark[] = [];
  readonly #socket: Socket;
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    // Read and forgotten: only the tap's copy counts, and one that cannot be sent is never met.
    socket.on('error', () => undefined).on('message', () => undefined);
    socket.unref();
  }

  static async open(): Promise<ClockMarks> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    // Connected, so that a send goes out before it returns.
    socket.connect(socket.address().port, '127.0.0.1');
    await once(socket, 'connect');
    return new ClockMarks(socket);
  }

  /** What the capture's filter must also let through. */
  get filter(): string {
    return `udp and host 127.0.0.1 and dst port ${this.#socket.address().port}`;
  }

  /** @returns the octets of the mark, as the capture will hold them */
  send(): Buffer {
    const mark = Buffer.alloc(MARK_BYTES);
    this.token.copy(mark);
    mark.writeUInt32BE(this.sent.length, TOKEN_BYTES);
    const sentAfterNs = process.hrtime.bigint();
    this.#socket.send(mark, () => undefined);
    this.sent.push({ sentAfterNs, sentBeforeNs: process.hrtime.bigint() });
    return mark;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }
}

/** The number of the mark that a datagram is; undefined for any other. */
export function markNumber(token: Uint8Array, payload: Uint8Array): number | undefined {
  if (payload.length !== MARK_BYTES) return undefined;
  for (let index = 0; index < TOKEN_BYTES; index++) if (payload[index] !== token[index]) return undefined;
  return new DataView(payload.buffer, payload.byteOffset).getUint32(TOKEN_BYTES);
}
