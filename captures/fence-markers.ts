import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { FinwaitError } from '../harness/errors.ts';
import type { ClockReading } from '../harness/model/observation.ts';
import { pace, type WaitOptions, withDeadline } from '../harness/timing.ts';

const TOKEN_BYTES = 16;
const MARKER_BYTES = TOKEN_BYTES + 4;
/** A marker can itself be lost to a full kernel buffer. */
const RESEND_MS = 250;

interface Fence {
  readonly resolve: (reading: ClockReading) => void;
  readonly reject: (reason: Error) => void;
}

interface SentMarker {
  readonly fence: Fence;
  readonly sentAfterNs: bigint;
  readonly sentBeforeNs: bigint;
}

/** Marker datagrams from a socket of ours to another of ours, met again in the capture. */
export class FenceMarkers {
  readonly #receiver: Socket;
  readonly #sender: Socket;
  readonly #address: string;
  readonly #token = randomBytes(TOKEN_BYTES);
  readonly #sent = new Map<number, SentMarker>();
  readonly #pending = new Set<Fence>();
  #counter = 0;
  #closed = false;
  #failure: Error | undefined;

  private constructor(receiver: Socket, sender: Socket, address: string) {
    this.#receiver = receiver;
    this.#sender = sender;
    this.#address = address;
    // Read and forgotten: only the tap's copy counts. ECONNREFUSED and the like show as a fence that times out.
    for (const socket of [receiver, sender]) socket.on('error', () => undefined);
    receiver.on('message', () => undefined);
  }

  /** Both sockets bound and connected, so that a send goes out before it returns. */
  static async open(address: string): Promise<FenceMarkers> {
    const type = isIPv6(address) ? 'udp6' : 'udp4';
    const receiver = createSocket(type);
    const sender = createSocket(type);
    try {
      receiver.bind(0, address);
      await once(receiver, 'listening');
      sender.connect(receiver.address().port, address);
      await once(sender, 'connect');
    } catch (error) {
      receiver.close();
      sender.close();
      throw new FinwaitError(
        'ERR_FINWAIT_CAPTURE_INTERFACE',
        `Cannot send a fence marker to ${address}: ${(error as Error).message}`,
        {
          hint: 'fenceAddress must be an address of this machine on the captured interface: ip -brief address',
          cause: error,
        },
      );
    }
    return new FenceMarkers(receiver, sender, address);
  }

  /** What the capture's filter must also let through. */
  get filter(): string {
    return `udp and dst host ${this.#address} and dst port ${this.#receiver.address().port}`;
  }

  /** Sends a marker; fulfilled when the capture shows it. */
  async raise(options: WaitOptions): Promise<ClockReading> {
    options.signal?.throwIfAborted();
    if (this.#failure !== undefined) throw this.#failure;
    const settled = new AbortController();
    let resolve: Fence['resolve'] = () => undefined;
    let reject: Fence['reject'] = () => undefined;
    const reading = new Promise<ClockReading>((onMet, onFailure) => {
      resolve = onMet;
      reject = onFailure;
    });
    const fence: Fence = { resolve, reject };
    this.#pending.add(fence);
    this.#send(fence);
    void this.#resend(fence, settled.signal);
    try {
      return await withDeadline(reading, { what: `the fence marker (${this.filter})` }, options);
    } finally {
      settled.abort();
      this.#forget(fence);
    }
  }

  /** True when a datagram's payload is one of our markers, which then settles its fence. */
  meet(payload: Uint8Array, capturedAtNs: bigint): boolean {
    if (payload.length !== MARKER_BYTES) return false;
    if (this.#token.compare(payload, 0, TOKEN_BYTES) !== 0) return false;
    const counter = new DataView(payload.buffer, payload.byteOffset).getUint32(TOKEN_BYTES);
    const marker = this.#sent.get(counter);
    // None when a resent marker comes after the first has settled the fence.
    marker?.fence.resolve({
      sentAfterNs: marker.sentAfterNs,
      sentBeforeNs: marker.sentBeforeNs,
      capturedAtNs,
    });
    return true;
  }

  /** Rejects the pending fences and all later ones. */
  fail(reason: Error): void {
    this.#failure ??= reason;
    for (const fence of this.#pending) fence.reject(reason);
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#receiver.close();
    this.#sender.close();
  }

  #send(fence: Fence): void {
    const counter = this.#counter++;
    const marker = Buffer.alloc(MARKER_BYTES);
    this.#token.copy(marker);
    marker.writeUInt32BE(counter, TOKEN_BYTES);
    const sentAfterNs = process.hrtime.bigint();
    this.#sender.send(marker, (error) => {
      if (error !== null) fence.reject(error);
    });
    const sentBeforeNs = process.hrtime.bigint();
    this.#sent.set(counter, { fence, sentAfterNs, sentBeforeNs });
  }

  async #resend(fence: Fence, over: AbortSignal): Promise<void> {
    try {
      for (;;) {
        await pace(RESEND_MS, over);
        this.#send(fence);
      }
    } catch {
      // Settled.
    }
  }

  #forget(fence: Fence): void {
    this.#pending.delete(fence);
    for (const [counter, marker] of this.#sent) if (marker.fence === fence) this.#sent.delete(counter);
  }
}
