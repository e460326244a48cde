import { createSocket } from 'node:dgram';
import { execa } from 'execa';
import { pace } from '../timing.ts';
import type { Host } from './host.ts';

const ETHERNET_BYTES = 14;
const ETHERNET_IPV4_UDP_BYTES = 42;
/** RFC 768, RFC 791: what an IPv4 datagram's length leaves. */
const MOST_UDP_BYTES = 65_507;
/** What a bucket takes to fill, about: tc counts it in 32 bits of 64 ns, which are 274 s. */
const FILLED_AFTER_S = 270;
/**
 * Datagrams of a bucket's size: the first empties it, and each of the others, in front of all that is kept, has to wait
 * until it is full again: 250 s with an MTU of 1500 or more, and 2 h 40 min for all. Whole octets a second make it less
 * with a smaller MTU: 197 s with 576.
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
  /** What it failed to keep: it was shut for so long that something may have left by itself, or it took something not. */
  failure(): Promise<string | undefined>;
  /** Lets out what waits, in its order. */
  letOut(): Promise<void>;
  /** Takes the queue away, once all has left it. */
  remove(): Promise<void>;
}

/**
 * How a host's segments leave it: some late, in another order than they were sent, or all of them delayed, and nothing
 * is lost. Keeping some takes no netem: an HTB class of its own has a token bucket that takes minutes to fill.
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
  #frameBytes = 0;

  constructor(host: Host, number: number, onRemoved: () => void) {
    this.#host = host;
    this.#handle = `${number.toString(16)}:`;
    this.priority = `1:${number.toString(16)}`;
    this.stopperPort = FIRST_STOPPER_PORT + (number % 4000);
    this.#onRemoved = onRemoved;
  }

  async add(): Promise<void> {
    // What is larger than the bucket would be lost.
    this.#frameBytes = (await mtuOf(this.#host)) + ETHERNET_BYTES;
    const octetsPerS = Math.ceil(this.#frameBytes / FILLED_AFTER_S);
    await addClass(this.#host, this.priority);
    await this.#bucket('add', ['rate', `${octetsPerS}bps`, 'burst', String(this.#frameBytes)]);
  }

  async shut(): Promise<void> {
    const payloadBytes = Math.min(this.#frameBytes - ETHERNET_IPV4_UDP_BYTES, MOST_UDP_BYTES);
    await sendDatagrams(this.#host, { count: STOPPERS, payloadBytes, port: this.stopperPort });
  }

  async failure(): Promise<string | undefined> {
    const { packets, drops } = await this.#counts();
    if (drops > 0)
      return `${drops} of the segments that a gate was to keep were lost: its queue did not take them`;
    if (packets <= STOPPERS) return undefined;
    return 'segments that a gate kept may have left by themselves: it was shut for too long';
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

  async #counts(): Promise<QueueCounts> {
    const place = ['dev', this.#host.device, 'parent', this.priority];
    const text = await this.#host.run('tc', '-s', '-j', 'qdisc', 'show', ...place);
    const [counts] = JSON.parse(text) as readonly QueueCounts[];
    if (counts === undefined) throw new TypeError(`tc shows no queue at ${this.priority}`);
    return counts;
  }
}

/** What has left a queue, what it did not take, and what waits in it. */
interface QueueCounts {
  readonly packets: number;
  readonly drops: number;
  readonly qlen: number;
}

/** As it is now: a program in the lab may have changed it. */
async function mtuOf(host: Host): Promise<number> {
  const text = await host.run('ip', '-j', 'link', 'show', 'dev', host.device);
  const [link] = JSON.parse(text) as readonly { readonly mtu: number }[];
  if (link === undefined) throw new TypeError(`ip shows no device ${host.device}`);
  return link.mtu;
}

interface Datagrams {
  readonly count: number;
  readonly payloadBytes: number;
  readonly port: number;
}

/** Datagrams that go out by the host's device, each from a socket of its own: one's send buffer holds few of 64 KiB. */
async function sendDatagrams(host: Host, { count, payloadBytes, port }: Datagrams): Promise<void> {
  if (host.enter.length === 0) {
    for (let sent = 0; sent < count; sent++) {
      const socket = createSocket('udp4');
      await new Promise<void>((resolve, reject) => {
        socket.send(Buffer.alloc(payloadBytes), port, host.neighbour, (error) => {
          socket.close();
          if (error === null) resolve();
          else reject(error);
        });
      });
    }
    return;
  }
  const script = `
const { createSocket } = require('node:dgram');
for (let sent = 0; sent < ${count}; sent++) {
  const socket = createSocket('udp4');
  socket.send(Buffer.alloc(${payloadBytes}), ${port}, '${host.neighbour}', (error) => {
    if (error) throw error;
    socket.close();
  });
}`;
  const [program, ...args] = [...host.enter, process.execPath, '-e', script];
  await execa(program, args);
}
