import { type Endpoint, plainAddress } from '../model/endpoint.ts';
import type { TcpState } from '../model/tcp-state.ts';

/** What one line of an instance's `trace_pipe` tells; monotonic ns where its clock is `mono`, cut to 1 µs. */
export type TraceEvent =
  | {
      readonly kind: 'transition';
      readonly atNs: bigint;
      readonly local: Endpoint;
      readonly peer: Endpoint;
      readonly from: TcpState;
      readonly to: TcpState;
    }
  | {
      readonly kind: 'reset';
      readonly atNs: bigint;
      /** Who sends the RST. */
      readonly local: Endpoint;
      readonly peer: Endpoint;
      /** As the kernel's `enum sk_rst_reason` has it, without its prefix: `TCP_ABORT_ON_CLOSE`. */
      readonly reason: string;
    }
  /** The buffer of a CPU was full. */
  | { readonly kind: 'lost'; readonly count: number };

/** Source: include/trace/events/sock.h, `show_tcp_state_name`. */
const STATES: Readonly<Record<string, TcpState>> = {
  TCP_ESTABLISHED: 'ESTABLISHED',
  TCP_SYN_SENT: 'SYN-SENT',
  TCP_SYN_RECV: 'SYN-RECEIVED',
  TCP_NEW_SYN_RECV: 'SYN-RECEIVED',
  TCP_FIN_WAIT1: 'FIN-WAIT-1',
  TCP_FIN_WAIT2: 'FIN-WAIT-2',
  TCP_TIME_WAIT: 'TIME-WAIT',
  TCP_CLOSE: 'CLOSED',
  TCP_CLOSE_WAIT: 'CLOSE-WAIT',
  TCP_LAST_ACK: 'LAST-ACK',
  TCP_LISTEN: 'LISTEN',
  TCP_CLOSING: 'CLOSING',
};

/** The name of the process comes before it and may be anything. */
const EVENT = / (\d+)\.(\d{6}): (inet_sock_set_state|tcp_send_reset): (.*)$/;
const LOST = /^CPU:\d+ \[LOST (\d+) EVENTS\]$/;

/**
 * Reads a line of `sock:inet_sock_set_state` or `tcp:tcp_send_reset`.
 * @returns undefined for any other line, and for a socket that has not both ends: a listener, and CLOSED → SYN-SENT,
 * which is told before the socket has its port, unless the program bound one
 */
export function parseTraceLine(line: string): TraceEvent | undefined {
  const lost = LOST.exec(line)?.[1];
  if (lost !== undefined) return { kind: 'lost', count: Number(lost) };
  const [, seconds = '', micros = '', name, text = ''] = EVENT.exec(line) ?? [];
  if (name === undefined) return undefined;
  const atNs = BigInt(seconds) * 1_000_000_000n + BigInt(micros) * 1000n;
  const fields = fieldsOf(text);
  return name === 'tcp_send_reset' ? resetOf(fields, atNs) : transitionOf(fields, atNs);
}

type Fields = ReadonlyMap<string, string>;

function fieldsOf(text: string): Fields {
  return new Map(
    text.split(' ').map((field): [string, string] => {
      const at = field.indexOf('=');
      return [field.slice(0, at), field.slice(at + 1)];
    }),
  );
}

function transitionOf(fields: Fields, atNs: bigint): TraceEvent | undefined {
  if (fields.get('protocol') !== 'IPPROTO_TCP') return undefined;
  const version = fields.get('family') === 'AF_INET6' ? 'v6' : '';
  const local = endpointOf(fields.get(`saddr${version}`), fields.get('sport'));
  const peer = endpointOf(fields.get(`daddr${version}`), fields.get('dport'));
  const from = STATES[fields.get('oldstate') ?? ''];
  const to = STATES[fields.get('newstate') ?? ''];
  if (local === undefined || peer === undefined || from === undefined || to === undefined) return undefined;
  return { kind: 'transition', atNs, local, peer, from, to };
}

function resetOf(fields: Fields, atNs: bigint): TraceEvent | undefined {
  const local = printedEndpoint(fields.get('src'));
  const peer = printedEndpoint(fields.get('dest'));
  // Kernels before 6.10 tell none.
  const reason = fields.get('reason');
  if (local === undefined || peer === undefined || reason === undefined) return undefined;
  return { kind: 'reset', atNs, local, peer, reason };
}

/** `127.0.0.1:80`, `[::1]:80`. */
function printedEndpoint(text: string | undefined): Endpoint | undefined {
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([\d.]+)):(\d+)$/.exec(text ?? '') ?? [];
  return endpointOf(bracketed ?? plain, port);
}

function endpointOf(address: string | undefined, port: string | undefined): Endpoint | undefined {
  const number = Number(port);
  if (address === undefined || !Number.isInteger(number) || number === 0) return undefined;
  return { address: plainAddress(address), port: number };
}
