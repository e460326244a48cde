import { createSocket } from 'node:dgram';
import { execa } from 'execa';
import type { Host } from './host.ts';

/** Of the slow class's token bucket: the largest frame that a veth pair takes. */
const BUCKET_BYTES = 1500;
const ETHERNET_IPV4_UDP_BYTES = 42;
/** Slow enough to keep the least segment for 9 s; slower, the kernel could not count how long the bucket takes. */
const REFILL = '48bit';

/**
 * Keeps chosen segments in the sender's own queue until they are released: they come late, in another order than they
 * were sent, and nothing is lost. The kernel's netem is not needed: an HTB class of its own has a token bucket that
 * fills by six octets a second, and is emptied first.
 * @param id names the class; from 1
 */
export async function keepLate(host: Host, id: number): Promise<{ readonly priority: string }> {
  const { device } = host;
  const classId = `1:${(id + 1).toString(16)}`;
  const shaped = (await host.run('tc', 'qdisc', 'show', 'dev', device, 'root')).includes('htb 1:');
  if (!shaped) {
    await host.run('tc', 'qdisc', 'add', 'dev', device, 'root', 'handle', '1:', 'htb', 'default', '1');
    await addClass(host, '1:1');
  }
  await addClass(host, classId);
  await bucket(host, 'add', id, ['rate', REFILL, 'burst', String(BUCKET_BYTES)]);
  return { priority: classId };
}

/** Empties the bucket, so that whatever comes next has to wait, by a datagram that a rule puts into that class. */
export async function emptyBucket(host: Host, id: number): Promise<void> {
  await sendDatagram(host, BUCKET_BYTES - ETHERNET_IPV4_UDP_BYTES, emptyingPort(id));
}

/** Where that datagram is sent; nobody listens below a lab's own ports. */
export function emptyingPort(id: number): number {
  return 5000 + (id % 4000);
}

/** Lets out what was kept. */
export async function letOut(host: Host, id: number): Promise<void> {
  await bucket(host, 'change', id, ['rate', '10gbit', 'burst', '100kb']);
  // A queue is looked at when something is sent.
  await sendDatagram(host, 1, DISCARD_PORT);
}

/** A datagram that goes out by the host's device. */
async function sendDatagram(host: Host, bytes: number, port: number): Promise<void> {
  if (host.enter.length === 0) {
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => {
      socket.send(Buffer.alloc(bytes), port, host.neighbour, () => {
        socket.close(resolve);
      });
    });
    return;
  }
  const script = `
const socket = require('node:dgram').createSocket('udp4');
socket.send(Buffer.alloc(${bytes}), ${port}, '${host.neighbour}', () => socket.close());`;
  const [program, ...args] = [...host.enter, process.execPath, '-e', script];
  await execa(program, args);
}

const DISCARD_PORT = 9;

async function addClass(host: Host, classId: string): Promise<void> {
  const fast = ['rate', '10gbit', 'quantum', '60000'];
  await host.run(
    'tc',
    'class',
    'add',
    'dev',
    host.device,
    'parent',
    '1:',
    'classid',
    classId,
    'htb',
    ...fast,
  );
}

async function bucket(
  host: Host,
  verb: 'add' | 'change',
  id: number,
  settings: readonly string[],
): Promise<void> {
  const parent = ['parent', `1:${(id + 1).toString(16)}`, 'handle', `${(id + 1).toString(16)}:`];
  await host.run('tc', 'qdisc', verb, 'dev', host.device, ...parent, 'tbf', ...settings, 'limit', '10mb');
}
