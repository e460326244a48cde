import { type Channel, channel } from 'node:diagnostics_channel';
import { threadId } from 'node:worker_threads';
import type { NodeEventName } from '../model/node-event.ts';
import { EVENT_LAYOUTS, eventOf } from '../model/node-event-layout.ts';
import type { Caller } from './call-site.ts';
import { monotonicNs } from './clock.ts';
import type { DefinitionTable } from './definitions.ts';

/** Who keeps events. */
export interface EventRecorder {
  /**
   * @param values of which the first `count` are the event's; they are its reader's only until it returns
   * @param namesNew whether they name a definition that was not taken yet
   */
  record(
    code: number,
    atNs: number,
    subject: number,
    values: readonly number[],
    count: number,
    namesNew: boolean,
  ): void;
  /** An event could not be put together. */
  missed(): void;
}

/** The code of every event. */
export const Code: Readonly<Record<NodeEventName, number>> = Object.fromEntries(
  EVENT_LAYOUTS.map(({ name }, code) => [name, code]),
) as Record<NodeEventName, number>;

/** Where the observer's events go: to the record, and to whoever listens on their channels. */
export class EventSink {
  readonly definitions: DefinitionTable;
  recorder: EventRecorder | undefined;
  /** By code. Held here, or their subscribers would be forgotten. */
  readonly #channels: readonly Channel[] = EVENT_LAYOUTS.map(({ name }) => channel(name));
  /** By code: whether it goes into the record. */
  readonly #recorded: boolean[];
  /** The same array for every event: under many connections each allocation counts. */
  readonly #values: number[] = Array.from({ length: 16 }, () => 0);
  #count = 0;
  #namesNew = false;

  constructor(definitions: DefinitionTable, recordWrites: boolean) {
    this.definitions = definitions;
    this.#recorded = EVENT_LAYOUTS.map(({ name }) => {
      if (name === 'finwait:socket:write') return recordWrites;
      return name !== 'finwait:socket:data' && name !== 'finwait:socket:drain';
    });
  }

  /** Whether anybody wants events of this code. */
  wants(code: number): boolean {
    return (
      (this.recorder !== undefined && this.#recorded[code] === true) ||
      this.#channels[code]?.hasSubscribers === true
    );
  }

  /** Adds the next value of the event that {@link emit} will tell. */
  put(value: number): void {
    this.#values[this.#count++] = value;
  }

  /** A flag as a value; −1 for what is none. */
  putFlag(value: unknown): void {
    this.#values[this.#count++] = typeof value === 'boolean' ? Number(value) : -1;
  }

  putText(text: string | undefined): void {
    if (text === undefined) {
      this.put(-1);
      return;
    }
    const id = this.definitions.textId(text);
    this.put(id);
    if (this.definitions.isNewText(id)) this.#namesNew = true;
  }

  /** −1 for none. */
  putSite(id: number): void {
    this.put(id);
    if (id >= 0 && this.definitions.isNewSite(id)) this.#namesNew = true;
  }

  putEnd(end: { readonly address: string; readonly port: number } | undefined): void {
    this.putText(end?.address);
    this.put(end === undefined ? -1 : end.port);
  }

  putCaller(caller: Caller | undefined): void {
    this.putText(caller?.by);
    this.putSite(caller?.siteId ?? -1);
    this.put(caller?.isInferred === true ? 1 : -1);
  }

  /** Forgets the values that were put: their event could not be put together. */
  abandon(): void {
    this.#count = 0;
    this.#namesNew = false;
    this.recorder?.missed();
  }

  /**
   * Tells an event with the values that were put since the last one.
   * @param atNs since the thread's origin
   */
  emit(code: number, atNs: number, subject: number): void {
    const count = this.#count;
    const namesNew = this.#namesNew;
    this.#count = 0;
    this.#namesNew = false;
    if (this.recorder !== undefined && this.#recorded[code] === true) {
      this.recorder.record(code, atNs, subject, this.#values, count, namesNew);
    }
    const to = this.#channels[code];
    if (to?.hasSubscribers === true) this.#publish(to, code, atNs, subject, this.#values.slice(0, count));
  }

  #publish(to: Channel, code: number, atNs: number, subject: number, values: readonly number[]): void {
    const layout = EVENT_LAYOUTS[code];
    if (layout === undefined) return;
    const origin = { atNs: monotonicNs(atNs), pid: process.pid, threadId, subject };
    const { name: _name, ...payload } = eventOf(layout, origin, values, this.definitions);
    to.publish(payload);
  }
}
