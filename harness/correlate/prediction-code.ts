import { FinwaitError } from '../errors.ts';
import { CODE, type PredictionCode } from '../prediction/code.ts';

/** A round trip of the end that lies there, past the samples that it keeps itself. */
export type KeepRoundTrip = (end: number, samples: number, seconds: number) => void;

/** As much of the standard as is used here: TypeScript has it among what browsers offer. */
declare const WebAssembly:
  | {
      readonly Module: new (code: Uint8Array) => object;
      readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
      readonly RuntimeError: new () => Error;
    }
  | undefined;

/** What its memory is to have room for. */
export interface PredictionLimits {
  /** Connections that may be open at once. */
  readonly maxOpen: number;
  /** Whether any is to be predicted. */
  readonly predict: boolean;
  /** Entries of the flow table to begin with, a power of two. */
  readonly tableCapacity: number;
  /** Octets of frames that are brought at once. */
  readonly roomBytes: number;
}

let compiled: object | undefined;

/**
 * The code with a memory of its own, and where in that there is room for frames.
 * @throws FinwaitError ERR_FINWAIT_USAGE where Node.js was started without WebAssembly; ERR_FINWAIT_MEMORY where it is
 * refused memory, or the addresses that V8 reserves for it
 */
export function instantiate(
  { maxOpen, predict, tableCapacity, roomBytes }: PredictionLimits,
  keepRoundTrip: KeepRoundTrip,
): { readonly code: PredictionCode; readonly room: number } {
  if (typeof WebAssembly === 'undefined') {
    throw new FinwaitError(
      'ERR_FINWAIT_USAGE',
      'This Node.js runs without WebAssembly, which captures are read with.',
      { hint: 'Leave --jitless out of its options, and of NODE_OPTIONS.' },
    );
  }
  compiled ??= new WebAssembly.Module(Buffer.from(CODE, 'base64'));
  try {
    const { exports } = new WebAssembly.Instance(compiled, { 'round-trips': { keepRoundTrip } });
    const code = exports as PredictionCode;
    code.setSeeds(seed(), seed(), seed(), seed(), seed());
    code.setUp(maxOpen, predict, tableCapacity);
    return { code, room: code.makeRoom(roomBytes) };
  } catch (error) {
    throw addressesRefused(error) ?? memoryRefused(error, 'there is none to begin with') ?? error;
  }
}

/** What an error out of the code says, if it is that its memory cannot grow: it traps then. Undefined if it is another. */
export function memoryRefused(error: unknown, what: string): FinwaitError | undefined {
  if (typeof WebAssembly === 'undefined' || !(error instanceof WebAssembly.RuntimeError)) return undefined;
  if (error.message !== 'unreachable') return undefined;
  return new FinwaitError('ERR_FINWAIT_MEMORY', `This process is refused memory: ${what}.`, {
    cause: error,
    hint: 'Give it more, or analyse the capture in parts: editcap -c 1000000 FILE PART.pcap',
  });
}

/** Node 20 and 22 reserve much, so that they need not check each access; later ones check where they may not. */
function addressesRefused(error: unknown): FinwaitError | undefined {
  if (!(error instanceof RangeError)) return undefined;
  return new FinwaitError(
    'ERR_FINWAIT_MEMORY',
    'This process may not reserve the 10 GB of addresses that WebAssembly takes in Node 20 and 22.',
    {
      cause: error,
      hint: 'Raise the limit (ulimit -v unlimited), or set NODE_OPTIONS=--disable-wasm-trap-handler.',
    },
  );
}

/** Whoever prepares a capture does not see them, so Math.random is as good as node:crypto, which takes long to load. */
function seed(): number {
  return (Math.random() * 2 ** 32) | 1;
}
