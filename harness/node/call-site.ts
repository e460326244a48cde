import { fileURLToPath } from 'node:url';
import type { CallSite, CodePosition, Layer } from '../model/node-event.ts';

/** What a stack tells of a call. */
export interface Caller {
  readonly by: 'program' | 'node' | undefined;
  /** Id of the call site, −1 without one. */
  readonly siteId: number;
  /** The layer whose frames lie between the program and the socket. */
  readonly layer: Layer | undefined;
  /** This stack was not read; all like it told this. */
  readonly isInferred: boolean;
  /** The same caller, inferred. */
  inferred: Caller | undefined;
}

/** Callers are made here only: then V8 gives all of them one shape. */
export function newCaller(
  by: Caller['by'],
  siteId: number,
  layer: Layer | undefined,
  isInferred = false,
): Caller {
  return { by, siteId, layer, isInferred, inferred: undefined };
}

/** Nothing can be said: this program does not let its stacks be read. */
const UNREADABLE: Caller = newCaller(undefined, -1, undefined);
export const CALLED_BY_NODE: Caller = newCaller('node', -1, undefined);

/** What {@link CallerReader} looks at; `Error.captureStackTrace(target, below)` leaves out `below` and above. */
export type Below = (...args: never[]) => unknown;

const DEEPEST = 64;
/** Past this many frames all are forgotten and read anew: a program's stacks may have no end. */
const KEPT_FRAMES = 16_384;
const HARNESS = new URL('../', import.meta.url).href;
const OBSERVER = new URL('./', import.meta.url).href;

/** Where a frame's code belongs. */
type Place = 'program' | 'dependency' | 'node' | 'observer' | 'harness';

interface Frame {
  readonly position: CodePosition;
  readonly place: Place;
  /** The caller that the frames up to this one tell; undefined where more are needed. */
  caller: Caller | undefined;
  /** The same when the stack ends here. */
  callerAtEnd: Caller | undefined;
  readonly below: FrameTable;
}

/** Frames by script and position in it. */
type FrameTable = Map<string, Map<number, Frame>>;

const captureStackTrace = Error.captureStackTrace.bind(Error);

/**
 * Reads who called, from raw frames and without ever making a stack's text. What a row of frames means is worked out
 * once and then looked up; how many frames are asked for is what the last call of the same kind needed, since each
 * costs.
 */
export class CallerReader {
  readonly #addSite: (site: CallSite) => number;
  readonly #frames: FrameTable = new Map();
  #frameCount = 0;
  readonly #depths = new Map<Below, number>();

  constructor(addSite: (site: CallSite) => number) {
    this.#addSite = addSite;
  }

  /** Who called `below`, which must be on the stack. */
  callerOf(below: Below): Caller {
    const asked = this.#depths.get(below) ?? 2;
    const shallow = rawFrames(below, asked);
    if (shallow === undefined) return UNREADABLE;
    if (this.#frameCount > KEPT_FRAMES) {
      this.#frames.clear();
      this.#frameCount = 0;
    }
    const known = this.#walk(below, shallow, shallow.length < asked);
    if (known !== undefined) return known;
    const all = rawFrames(below, DEEPEST);
    return (all && this.#walk(below, all, true)) ?? UNREADABLE;
  }

  /** @returns undefined when these frames do not tell */
  #walk(below: Below, stack: readonly NodeJS.CallSite[], complete: boolean): Caller | undefined {
    let table = this.#frames;
    const frames: Frame[] = [];
    for (const site of stack) {
      const frame = this.#frameOf(site, table);
      frames.push(frame);
      if (frame.place === 'program' || frame.place === 'harness') {
        this.#depths.set(below, frames.length);
        return (frame.caller ??= this.#tell(frames));
      }
      table = frame.below;
    }
    const last = frames.at(-1);
    if (!complete) return undefined;
    // One more than there are: how a short answer is known to be all.
    this.#depths.set(below, Math.min(DEEPEST, frames.length + 1));
    return last === undefined ? CALLED_BY_NODE : (last.callerAtEnd ??= this.#tell(frames));
  }

  #frameOf(site: NodeJS.CallSite, table: FrameTable): Frame {
    const file = site.getFileName() ?? site.getEvalOrigin() ?? '';
    let positions = table.get(file);
    if (positions === undefined) table.set(file, (positions = new Map<number, Frame>()));
    const at = offsetOf(site);
    let frame = positions.get(at);
    if (frame === undefined) {
      this.#frameCount++;
      positions.set(at, (frame = newFrame(site, file)));
    }
    return frame;
  }

  #tell(frames: readonly Frame[]): Caller {
    const user = frames.find(({ place }) => place === 'program')?.position;
    const dependency = frames.find(({ place }) => place === 'dependency')?.position;
    const layer = layerOf(frames);
    if (user === undefined && dependency === undefined) {
      const driven = frames.some(({ place }) => place === 'harness');
      return newCaller(driven ? 'program' : 'node', -1, layer);
    }
    const siteId = this.#addSite({
      ...(user && { user }),
      ...(dependency && { dependency: { ...dependency, package: packageOf(dependency.file) } }),
    });
    return newCaller('program', siteId, layer);
  }
}

/** The frames below a function, nearest first; the program's own settings are then as they were, accessors too. */
function rawFrames(below: Below, limit: number): readonly NodeJS.CallSite[] | undefined {
  let frames: readonly NodeJS.CallSite[] | undefined;
  const stackTraceLimit = putOnError('stackTraceLimit', limit);
  const prepareStackTrace = putOnError('prepareStackTrace', (_error: Error, sites: NodeJS.CallSite[]) => {
    frames = sites;
    return '';
  });
  try {
    // Not put: Error is frozen, or the like. This program hides its stacks.
    if (stackTraceLimit === undefined || prepareStackTrace === undefined) return undefined;
    const target: { stack?: unknown } = {};
    captureStackTrace(target, below);
    Reflect.get(target, 'stack');
    return frames;
  } finally {
    putBack('prepareStackTrace', prepareStackTrace);
    putBack('stackTraceLimit', stackTraceLimit);
  }
}

type Setting = 'stackTraceLimit' | 'prepareStackTrace';

/** Says that Error had none of its own. */
const NONE = Symbol('none');

/**
 * Defined, not assigned: an assignment would run the program's setter.
 * @returns what stood there; undefined when nothing may be put
 */
function putOnError(name: Setting, value: unknown): PropertyDescriptor | typeof NONE | undefined {
  const descriptor = Object.getOwnPropertyDescriptor(Error, name);
  const ours = descriptor === undefined ? { value, configurable: true } : { value };
  return Reflect.defineProperty(Error, name, ours) ? (descriptor ?? NONE) : undefined;
}

function putBack(name: Setting, descriptor: PropertyDescriptor | typeof NONE | undefined): void {
  if (descriptor === NONE) Reflect.deleteProperty(Error, name);
  else if (descriptor !== undefined) Reflect.defineProperty(Error, name, descriptor);
}

/** The offset in the script; V8 has it, Node's types do not. */
function offsetOf(site: NodeJS.CallSite): number {
  return (site as NodeJS.CallSite & { getPosition(): number }).getPosition();
}

function newFrame(site: NodeJS.CallSite, file: string): Frame {
  const functionName = site.getFunctionName();
  const position = {
    file,
    line: site.getLineNumber() ?? 0,
    column: site.getColumnNumber() ?? 0,
    ...(functionName && { functionName }),
  };
  return { position, place: placeOf(file), caller: undefined, callerAtEnd: undefined, below: new Map() };
}

const HARNESS_PATH = fileURLToPath(HARNESS);
const OBSERVER_PATH = fileURLToPath(OBSERVER);

function placeOf(file: string): Place {
  // '' is a built-in such as Array.forEach: it calls for whoever called it.
  if (file === '' || file.startsWith('node:')) return 'node';
  if (file.startsWith(OBSERVER) || file.startsWith(OBSERVER_PATH)) return 'observer';
  if (file.startsWith(HARNESS) || file.startsWith(HARNESS_PATH)) return 'harness';
  return file.includes('/node_modules/') ? 'dependency' : 'program';
}

/** The folder below the last `node_modules`, with its scope. */
function packageOf(file: string): string {
  const [first = '', second = ''] = file.slice(file.lastIndexOf('/node_modules/') + 14).split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}

/** From the most telling to the least. */
const LAYERS: readonly (readonly [Layer, RegExp])[] = [
  ['fetch', /^node:internal\/deps\/undici\//],
  ['undici', /\/node_modules\/undici\//],
  ['ws', /\/node_modules\/ws\//],
  ['http2', /^node:(internal\/)?http2/],
  ['https', /^node:https$/],
  ['http', /^node:_http_/],
  ['tls', /^node:_tls_|^node:internal\/tls\/wrap/],
];

function layerOf(frames: readonly Frame[]): Layer | undefined {
  return LAYERS.find(([, pattern]) => frames.some(({ position }) => pattern.test(position.file)))?.[0];
}
