import type { CallSite, NodeEvent, NodeEventName } from './node-event.ts';

/**
 * How a field travels as numbers, −1 for absent:
 * `number` itself, `flag` 0 or 1, `text` and `site` the id of a definition, `endpoint` two values (address as text,
 * port).
 */
export type FieldKind = 'number' | 'flag' | 'text' | 'site' | 'endpoint';

/** What an event speaks of. */
export type Subject = 'socket' | 'server' | 'process';

/** An event's shape as numbers. */
export interface EventLayout {
  readonly name: NodeEventName;
  readonly subject: Subject;
  readonly fields: readonly (readonly [name: string, kind: FieldKind])[];
}

const CALL = [
  ['by', 'text'],
  ['site', 'site'],
  ['siteInferred', 'flag'],
] as const;
const LAYER = [
  ['layer', 'text'],
  ['idle', 'flag'],
] as const;
const ENDS = [
  ['local', 'endpoint'],
  ['peer', 'endpoint'],
  ['fd', 'number'],
] as const;
const WAITING = [
  ['unreadBytes', 'number'],
  ['pendingBytes', 'number'],
] as const;

/**
 * Every event, at its code. A code is never given a second meaning, and fields are only added at the end: record
 * files carry the layout that they were written with, and either side reads the other's.
 */
export const EVENT_LAYOUTS: readonly EventLayout[] = [
  {
    name: 'finwait:socket:create',
    subject: 'socket',
    fields: [
      ['role', 'text'],
      ['allowHalfOpen', 'flag'],
      ['over', 'number'],
      ['layer', 'text'],
      ...CALL,
      ...ENDS,
    ],
  },
  {
    name: 'finwait:socket:connect-start',
    subject: 'socket',
    fields: [
      ['peer', 'endpoint'],
      ['attempt', 'number'],
      ['site', 'site'],
    ],
  },
  {
    name: 'finwait:socket:connect-failed',
    subject: 'socket',
    fields: [
      ['peer', 'endpoint'],
      ['attempt', 'number'],
      ['code', 'text'],
    ],
  },
  { name: 'finwait:socket:connect', subject: 'socket', fields: ENDS },
  {
    name: 'finwait:socket:accept',
    subject: 'socket',
    fields: [...ENDS, ['server', 'number'], ['allowHalfOpen', 'flag'], ['layer', 'text']],
  },
  {
    name: 'finwait:socket:end-call',
    subject: 'socket',
    fields: [...CALL, ...LAYER, ...WAITING, ['bytes', 'number']],
  },
  {
    name: 'finwait:socket:destroy-call',
    subject: 'socket',
    fields: [...CALL, ...LAYER, ...WAITING, ['remoteEnded', 'flag'], ['code', 'text']],
  },
  { name: 'finwait:socket:reset-call', subject: 'socket', fields: [...CALL, ...LAYER, ...WAITING] },
  { name: 'finwait:socket:write', subject: 'socket', fields: [['bytes', 'number']] },
  { name: 'finwait:socket:data', subject: 'socket', fields: [['bytes', 'number']] },
  { name: 'finwait:socket:drain', subject: 'socket', fields: [] },
  { name: 'finwait:socket:pause', subject: 'socket', fields: CALL },
  { name: 'finwait:socket:resume', subject: 'socket', fields: CALL },
  { name: 'finwait:socket:remote-end', subject: 'socket', fields: LAYER },
  { name: 'finwait:socket:finish', subject: 'socket', fields: [] },
  {
    name: 'finwait:socket:error',
    subject: 'socket',
    fields: [...LAYER, ['code', 'text'], ['syscall', 'text']],
  },
  { name: 'finwait:socket:timeout', subject: 'socket', fields: [...LAYER, ['timeoutMs', 'number']] },
  { name: 'finwait:socket:free', subject: 'socket', fields: LAYER },
  {
    name: 'finwait:socket:close',
    subject: 'socket',
    fields: [
      ['hadError', 'flag'],
      ['bytesRead', 'number'],
      ['bytesWritten', 'number'],
    ],
  },
  {
    name: 'finwait:server:listen',
    subject: 'server',
    fields: [...CALL, ['local', 'endpoint'], ['fd', 'number'], ['layer', 'text']],
  },
  {
    name: 'finwait:server:drop',
    subject: 'server',
    fields: [
      ['local', 'endpoint'],
      ['peer', 'endpoint'],
    ],
  },
  { name: 'finwait:server:close-call', subject: 'server', fields: [...CALL, ['connections', 'number']] },
  { name: 'finwait:server:close', subject: 'server', fields: [] },
  {
    name: 'finwait:server:error',
    subject: 'server',
    fields: [
      ['code', 'text'],
      ['syscall', 'text'],
    ],
  },
  { name: 'finwait:process:exit', subject: 'process', fields: [['exitCode', 'number']] },
  { name: 'finwait:process:worker', subject: 'process', fields: [['worker', 'number']] },
];

/** How many values an event of this layout has. */
export function valueCount({ fields }: EventLayout): number {
  return fields.reduce((count, [, kind]) => count + (kind === 'endpoint' ? 2 : 1), 0);
}

/** What the numbers of an event stand for. */
export interface Definitions {
  text(id: number): string | undefined;
  site(id: number): CallSite | undefined;
}

/** Whose event it is, and when. */
export interface EventOrigin {
  readonly atNs: bigint;
  readonly pid: number;
  readonly threadId: number;
  /** The socket's or server's id. */
  readonly subject: number;
}

/** An event from its numbers. */
export function eventOf(
  layout: EventLayout,
  { subject, ...origin }: EventOrigin,
  values: readonly number[],
  definitions: Definitions,
): NodeEvent {
  const event: Record<string, unknown> = { name: layout.name, ...origin };
  if (layout.subject !== 'process') event[layout.subject] = subject;
  let at = 0;
  for (const [name, kind] of layout.fields) {
    const value = values[at++] ?? -1;
    const port = kind === 'endpoint' ? (values[at++] ?? -1) : -1;
    const field = value < 0 ? undefined : fieldOf(kind, value, port, definitions);
    if (field !== undefined) event[name] = field;
  }
  return event as unknown as NodeEvent;
}

function fieldOf(kind: FieldKind, value: number, port: number, definitions: Definitions): unknown {
  switch (kind) {
    case 'number':
      return value;
    case 'flag':
      return value === 1;
    case 'text':
      return definitions.text(value);
    case 'site':
      return definitions.site(value);
    case 'endpoint': {
      const address = definitions.text(value);
      return address === undefined ? undefined : { address, port };
    }
  }
}
