import { createSocket } from 'node:dgram';
import { execa } from 'execa';
import { pace } from '../timing.ts';
import type { Host } from './host.ts';

/** Of a slow queue's token bucket: the largest frame that a veth pair takes. */
const BUCKET_BYTES = 1500;
const ETHERNET_IPV4_UDP_BYTES = 42;
/** Of the bucket; slower, tc could not count how long it takes to fill. */
const REFILL = '48bit';
/**
 * Datagrams of a bucket's size: the first empties it, and each of the others, in front of all that is kept, has to wait
 * until it is full again, 250 s. So a queue is shut for 2 h 40 min; more would not fit into a socket's send buffer.
 */
const STOPPERS = 40;
const FAST = ['rate', '10gbit'];
/** Nobody listens below a lab's own ports. */
const FIRST_STOPPER_PORT = 5000;
const DISCARD_PORT = 9;
/** Behind every handle that a slow queue may have. */
const DELAY_HANDLE = 'fff0:';

/** Where segments wait until they are let out. */
export interface SlowQueue {
  /** For nft's `meta priority`. */
  readonly priority: string;
  /** What is sent to this UDP port must go into the queue, too. */
  readonly stopperPort: number;
  /** Shuts it; what is put into it from now on has to wait. */
  shut(): Promise<void>;
  /** True once it was shut for so long that something may have left by itself. */
  leaks(): Promise<boolean>;
  /** Lets out what waits, in its order. */
  letOut(): Promise<void>;
  /** Takes the queue away, once all has left it. */
  remove(): Promise<void>;
}

/**
 * How a host's segments leave it: some late, in another order than they were sent, or all of them delayed, and nothing
 * is lost. Keeping some takes no netem: an HTB class of its own has a token bucket that fills by six octets a second.
 */
export class SendQueues {
  readonly #host: Host;
  readonly #numbers = new Set<number>();
  #root: Promise<void> | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  /** A queue of its own for one rule, still open. */
  async add(): Promise<SlowQueue> {
    // Class 1:1 takes everything else.
    let number = 2;
    while (this.#numbers.has(number)) number++;
    this.#numbers.add(number);
    const queue = new TokenBucket(this.#host, number, () => this.#numbers.delete(number));
    try {
      await this.#addRoot();
      await queue.add();
      return queue;
    } catch (error) {
      this.#numbers.delete(number);
      throw error;
    }
  }

  /** Delays all that is not kept; what is still delayed when the delay changes is not lost. */
  async delay(ms: number): Promise<void> {
    await this.#addRoot();
    const delayed = ['parent', '1:1', 'handle', DELAY_HANDLE, 'netem', 'delay', `${ms}ms`];
    await this.#host.run('tc', 'qdisc', 'replace', 'dev', this.#host.device, ...delayed);
  }

  /** Stays until the lab ends: taking it away would lose what is just in it. */
  async #addRoot(): Promise<void> {
    this.#root ??= addRoot(this.#host);
    try {
      await this.#root;
    } catch (error) {
      this.#root = undefined;
      throw error;
    }
  }
}

async function addRoot(host: Host): Promise<void> {
  const htb = ['root', 'handle', '1:', 'htb', 'default', '1'];
  await host.run('tc', 'qdisc', 'replace', 'dev', host.device, ...htb);
  await addClass(host, '1:1');
}

async function addClass(host: Host, classId: string): Promise<void> {
  const fast = ['htb', ...FAST, 'quantum', '60000'];
  await host.run('tc', 'class', 'add', 'dev', host.device, 'parent', '1:', 'classid', classId, ...fast);
}

class TokenBucket implements SlowQueue {
  readonly priority: string;
  readonly stopperPort: number;
  readonly #host: Host;
  readonly #handle: string;
  readonly #onRemoved: () => void;

  constructor(host: Host, number: number, onRemoved: () => void) {
    this.#host = host;
    this.#handle = `${number.toString(16)}:`;
    this.priority = `1:${number.toString(16)}`;
    this.stopperPort = FIRST_STOPPER_PORT + (number % 4000);
    this.#onRemoved = onRemoved;
  }

  async add(): Promise<void> {
    await addClass(this.#host, this.priority);
    await this.#bucket('add', ['rate', REFILL, 'burst', String(BUCKET_BYTES)]);
  }

  async shut(): Promise<void> {
    const payloadBytes = BUCKET_BYTES - ETHERNET_IPV4_UDP_BYTES;
    await sendDatagrams(this.#host, { count: STOPPERS, payloadBytes, port: this.stopperPort });
  }

  async leaks(): Promise<boolean> {
    return (await this.#counts()).packets > STOPPERS;
  }

  async letOut(): Promise<void> {
    await this.#bucket('change', [...FAST, 'burst', '100kb']);
    // A queue is looked at when something is sent.
    await sendDatagrams(this.#host, { count: 1, payloadBytes: 1, port: DISCARD_PORT });
  }

  async remove(): Promise<void> {
    while ((await this.#counts()).qlen > 0) await pace(1);
    await this.#host.run('tc', 'class', 'delete', 'dev', this.#host.device, 'classid', this.priority);
    this.#onRemoved();
  }

  async #bucket(verb: 'add' | 'change', settings: readonly string[]): Promise<void> {
    const place = ['dev', this.#host.device, 'parent', this.priority, 'handle', this.#handle];
    await this.#host.run('tc', 'qdisc', verb, ...place, 'tbf', ...settings, 'limit', '10mb');
  }

  /** What has left the queue, and what waits in it. */
  async #counts(): Promise<{ readonly packets: number; readonly qlen: number }> {
    const place = ['dev', this.#host.device, 'parent', this.priority];
    const text = await this.#host.run('tc', '-s', '-j', 'qdisc', 'show', ...place);
    const [counts] = JSON.parse(text) as readonly { readonly packets: number; readonly qlen: number }[];
    if (counts === undefined) throw new TypeError(`tc shows no queue at ${this.priority}`);
    return counts;
  }
}

interface Datagrams {
  readonly count: number;
  readonly payloadBytes: number;
  readonly port: number;
}

/** Datagrams that go out by the host's device. */
async function sendDatagrams(host: Host, { count, payloadBytes, port }: Datagrams): Promise<void> {
  if (host.enter.length === 0) {
    const socket = createSocket('udp4');
    for (let sent = 0; sent < count; sent++) {
      await new Promise<void>((resolve, reject) => {
        socket.send(Buffer.alloc(payloadBytes), port, host.neighbour, (error) => {
          if (error === null) resolve();
          else reject(error);
        });
      });
    }
    socket.close();
    return;
  }
  const script = `
const socket = require('node:dgram').createSocket('udp4');
let sent = 0;
const send = (error) => {
  if (error) throw error;
  if (sent++ === ${count}) socket.close();
  else socket.send(Buffer.alloc(${payloadBytes}), ${port}, '${host.neighbour}', send);
};
send();`;
  const [program, ...args] = [...host.enter, process.execPath, '-e', script];
  await execa(program, args);
}
