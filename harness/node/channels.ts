/**
 * `finwait/channels`: typed use of `node:diagnostics_channel`. The events of {@link NodeEvents} come while
 * `finwait/register` observes this thread; Node's own channels and a program's can be used the same way.
 */
import * as diagnostics from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { NodeEventName, NodeEvents } from '../model/node-event.ts';
import { EVENT_LAYOUTS } from '../model/node-event-layout.ts';
import { rejectUnknownOptions } from '../options.ts';

/** Message types by channel name; a program's own are added by declaration merging. */
export interface ChannelMessages extends NodeEvents {
  /** Node's own; before the socket has a handle. */
  'net.client.socket': { readonly socket: Socket };
  /** Node's own; after the program's listeners have run. */
  'net.server.socket': { readonly socket: Socket };
}

export type ChannelName = keyof ChannelMessages;

/** Ends a subscription; calling it again does nothing. Also for `using`. */
export interface Subscription extends Disposable {
  (): void;
}

/**
 * Calls `listener` with each message on the channels, synchronously, in the publisher's stack. What it throws does not
 * reach the publisher: Node makes it an uncaught exception.
 */
export function subscribe<Name extends ChannelName>(
  names: Name | readonly Name[],
  listener: (message: ChannelMessages[Name], name: Name) => void,
): Subscription {
  const each = typeof names === 'string' ? [names] : [...names];
  const onMessage = (message: unknown, name: string | symbol): void => {
    listener(message as ChannelMessages[Name], name as Name);
  };
  return subscribeRaw(each, onMessage);
}

function subscribeRaw(
  names: readonly string[],
  onMessage: (message: unknown, name: string | symbol) => void,
): Subscription {
  for (const name of names) diagnostics.subscribe(name, onMessage);
  let active = true;
  const unsubscribe = (): void => {
    if (!active) return;
    active = false;
    for (const name of names) diagnostics.unsubscribe(name, onMessage);
  };
  return Object.assign(unsubscribe, { [Symbol.dispose]: unsubscribe });
}

/**
 * Publishes what `message` makes, and calls it only when somebody listens.
 * @returns whether somebody did
 */
export function publish<Name extends ChannelName>(name: Name, message: () => ChannelMessages[Name]): boolean {
  const channel = diagnostics.channel(name);
  if (!channel.hasSubscribers) return false;
  channel.publish(message());
  return true;
}

/** Whether somebody listens. */
export function hasSubscribers(name: ChannelName): boolean {
  return diagnostics.hasSubscribers(name);
}

export interface MessagesOptions {
  /** Ends the iteration without an error. */
  readonly signal?: AbortSignal;
  /**
   * Messages that may wait to be taken; beyond them the oldest are dropped, and counted.
   * @default 1000
   */
  readonly capacity?: number;
}

/** A message with its channel's name. */
export type NamedMessage<Name extends ChannelName> = {
  [Each in Name]: { readonly name: Each; readonly message: ChannelMessages[Each] };
}[Name];

/** Messages in the order in which they were published; ends when iteration is left, or by its signal. */
export interface Messages<Name extends ChannelName> extends AsyncIterableIterator<NamedMessage<Name>> {
  /** Messages that nobody took in time. */
  readonly dropped: number;
}

/**
 * The messages of the channels from now on, whether or not iteration has begun. It keeps no process alive.
 * @throws TypeError for an unknown option or a capacity below 1
 */
export function messages<Name extends ChannelName>(
  names: Name | readonly Name[],
  options: MessagesOptions = {},
): Messages<Name> {
  rejectUnknownOptions(options, ['signal', 'capacity']);
  const { signal, capacity = 1000 } = options;
  if (!(capacity >= 1))
    throw new TypeError(`capacity is the count of messages that may wait, not ${capacity}`);
  return new MessageQueue(names, capacity, signal);
}

class MessageQueue<Name extends ChannelName> implements Messages<Name> {
  dropped = 0;
  readonly #capacity: number;
  #waiting: NamedMessage<Name>[] = [];
  readonly #takers: ((result: IteratorResult<NamedMessage<Name>, undefined>) => void)[] = [];
  #ended = false;
  readonly #unsubscribe: Subscription;
  readonly #signal: AbortSignal | undefined;
  readonly #end = (): void => {
    if (this.#ended) return;
    this.#ended = true;
    this.#unsubscribe();
    this.#signal?.removeEventListener('abort', this.#end);
    for (const take of this.#takers.splice(0)) take({ done: true, value: undefined });
  };

  constructor(names: Name | readonly Name[], capacity: number, signal: AbortSignal | undefined) {
    this.#capacity = capacity;
    this.#signal = signal;
    this.#unsubscribe = subscribe(names, (message, name) => {
      this.#put({ name, message });
    });
    signal?.addEventListener('abort', this.#end, { once: true });
    if (signal?.aborted === true) this.#end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<NamedMessage<Name>, undefined>> {
    const value = this.#waiting.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => this.#takers.push(resolve));
  }

  /** What waits is forgotten. */
  return(): Promise<IteratorResult<NamedMessage<Name>, undefined>> {
    this.#waiting = [];
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #put(message: NamedMessage<Name>): void {
    const take = this.#takers.shift();
    if (take !== undefined) {
      take({ done: false, value: message });
      return;
    }
    this.#waiting.push(message);
    if (this.#waiting.length <= this.#capacity) return;
    this.#waiting.shift();
    this.dropped++;
  }
}

/** A call that a tracing channel told of, from its first event to its last. */
export interface TracedCall {
  /** The message of the first event. */
  readonly message: object;
  /** Monotonic ns. */
  readonly startedAtNs: bigint;
  readonly endedAtNs: bigint;
  /** What it threw, rejected with or called back with; absent when it did not. */
  readonly error?: unknown;
}

export interface TracingOptions {
  /**
   * When a call is over: after its synchronous part (`traceSync`), or after its callback or promise.
   * @default 'async'
   */
  readonly until?: 'sync' | 'async';
  /**
   * What the events of one call have in common.
   * @default the message itself, which `TracingChannel` hands to each of them
   */
  readonly key?: (message: object) => object;
}

const TRACING_EVENTS = ['start', 'end', 'asyncStart', 'asyncEnd', 'error'] as const;

/**
 * Calls `listener` once for each call that a tracing channel tells of, when it is over: its start, end and error made
 * one. For `net.server.listen`, whose events carry different messages: `{ key: ({ server }) => server }`.
 * A call that began before this is not told of.
 */
export function subscribeTracing(
  name: string,
  listener: (call: TracedCall) => void,
  options: TracingOptions = {},
): Subscription {
  rejectUnknownOptions(options, ['until', 'key']);
  const { until = 'async', key = (message: object): object => message } = options;
  const open = new WeakMap<object, OpenCall>();
  const finish = (of: object): void => {
    const call = open.get(of);
    if (call === undefined) return;
    open.delete(of);
    const { message, startedAtNs, failure } = call;
    listener({ message, startedAtNs, endedAtNs: process.hrtime.bigint(), ...failure });
  };
  return subscribeRaw(
    TRACING_EVENTS.map((event) => `tracing:${name}:${event}`),
    (raw, channelName) => {
      const message = raw as object;
      const of = key(message);
      const call = open.get(of);
      switch (String(channelName).slice(`tracing:${name}:`.length)) {
        case 'start':
          open.set(of, { message, startedAtNs: process.hrtime.bigint(), isAsync: false });
          return;
        case 'asyncStart':
          if (call === undefined) {
            open.set(of, { message, startedAtNs: process.hrtime.bigint(), isAsync: true });
          }
          return;
        case 'error':
          if (call === undefined) return;
          call.failure = { error: (message as { error?: unknown }).error };
          // No end follows where none began: net.server.listen has only the asynchronous events.
          if (call.isAsync) finish(of);
          return;
        case 'end':
          if (until === 'sync' || call?.failure !== undefined) finish(of); // What threw has no other part.
          return;
        default:
          finish(of);
      }
    },
  );
}

interface OpenCall {
  readonly message: object;
  readonly startedAtNs: bigint;
  /** It began with asyncStart. */
  readonly isAsync: boolean;
  failure?: { readonly error: unknown };
}

/** Every channel that `finwait/register` publishes on. */
export const NODE_EVENT_NAMES: readonly NodeEventName[] = EVENT_LAYOUTS.map(({ name }) => name);
