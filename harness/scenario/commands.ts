/** What can be told in a step, as plain data and in words. */
import type { Side } from '../model/connection.ts';
import type { ServerCommand, SocketCommand } from '../peer/protocol.ts';

/** Which segments a fault meets; an unset field means "any". */
export interface SegmentChoice {
  readonly from: Side;
  /** `FIN`, `SYN,ACK`: every one of these must be set. */
  readonly flags?: string;
  /** None of these may be set. */
  readonly without?: string;
  /** Which of them, from 1 in order of arrival from now on. */
  readonly nth?: number | readonly number[];
}

/**
 * What the network does. Faults are behind the tap, so that a segment that is lost is in the capture; each lasts until
 * it is released, by its name in `as`, or the run ends.
 */
export type NetworkCommand =
  /** Loses the chosen segments: the first, if `nth` is left out. */
  | ({ readonly verb: 'drop'; readonly as?: string } & SegmentChoice)
  /** Loses them all until released; TCP sends them again, and the first that is sent then passes. */
  | ({ readonly verb: 'hold'; readonly as?: string } & Omit<SegmentChoice, 'nth'>)
  /** Answers the chosen segment (the first, if `nth` is left out) by a RST in its receiver's name, and loses it. */
  | ({ readonly verb: 'inject'; readonly as?: string } & SegmentChoice)
  /** Delivers the chosen segment (the first, if `nth` is left out) twice. */
  | ({ readonly verb: 'duplicate'; readonly as?: string } & SegmentChoice)
  /**
   * Keeps the chosen segments (all, if `nth` is left out) in their sender's queue until released: they come late,
   * behind what was sent after them. Nothing is lost, and the capture shows them when they come.
   */
  | ({ readonly verb: 'keep'; readonly as?: string } & SegmentChoice)
  /** Loses about `rate` (0–1) of all segments, which ones being a matter of `seed` alone. */
  | {
      readonly verb: 'lose';
      readonly rate: number;
      readonly seed: number;
      readonly from?: Side;
      readonly as?: string;
    }
  /** Loses every segment both ways. */
  | { readonly verb: 'blackhole'; readonly as?: string }
  /** Delays every segment; only where the kernel has netem. */
  | { readonly verb: 'delay'; readonly ms: number; readonly as?: string }
  /** Pulls the cable of that side's host; takes a scenario of two hosts. */
  | { readonly verb: 'unplug'; readonly host: Side; readonly as?: string }
  /** Ends the fault of that name, or all of them. */
  | { readonly verb: 'release'; readonly which?: string };

/** What is done to that side's process or socket from outside of it. */
export type OutsideCommand =
  /** A signal (SIGKILL if none is named) ends the process, which must be one of its own: `peer: 'victim'`. */
  | { readonly verb: 'kill'; readonly signal?: NodeJS.Signals }
  /** SIGSTOP: the process stands still, its kernel goes on; it must be one of its own, too. */
  | { readonly verb: 'freeze' }
  /** SIGCONT. */
  | { readonly verb: 'thaw' }
  /** `ss -K`: the kernel aborts the socket, or takes away its TIME-WAIT. */
  | { readonly verb: 'killSocket' };

/** What a peer is told in a step. */
export type PeerCommand = { readonly verb: 'connect' } | SocketCommand | ServerCommand | OutsideCommand;

export type StepCommand = PeerCommand | NetworkCommand;

export type StepVerb = StepCommand['verb'];

/** Who is told. */
export type Actor = Side | 'network';

/** `client writes 5 bytes`, `network loses the first FIN of the client`. */
export function describeCommand(who: Actor, command: StepCommand): string {
  return `${who} ${who === 'network' ? networkWords(command as NetworkCommand) : peerWords(command as PeerCommand)}`;
}

function peerWords(command: PeerCommand): string {
  switch (command.verb) {
    case 'connect':
      return 'connects';
    case 'write':
      return `writes ${octets(command.data)}`;
    case 'end':
      return command.data === undefined
        ? 'ends its direction'
        : `ends its direction, ${octets(command.data)} before the FIN`;
    case 'destroy':
      return 'destroys its socket';
    case 'destroySoon':
      return 'destroys its socket once all is written';
    case 'resetAndDestroy':
      return 'resets the connection';
    case 'pause':
      return 'stops reading';
    case 'resume':
      return 'reads on';
    case 'read':
      return `reads up to ${command.bytes} bytes`;
    case 'limitIdle':
      return `sets a timeout of ${command.ms} ms`;
    case 'setKeepAlive':
      return command.enable
        ? `turns keep-alive on, after ${command.initialDelayMs ?? 0} ms`
        : 'turns keep-alive off';
    case 'setNoDelay':
      return command.enable ? 'turns Nagle’s algorithm off' : 'turns Nagle’s algorithm on';
    case 'abort':
      return 'aborts its AbortSignal';
    case 'act':
      return `does: ${command.what}`;
    case 'stopListening':
      return 'closes its listener';
    case 'limitConnections':
      return `takes at most ${command.maxConnections} connections`;
    case 'kill':
      return `is ended by ${command.signal ?? 'SIGKILL'}`;
    case 'freeze':
      return 'is stopped where it stands (SIGSTOP)';
    case 'thaw':
      return 'runs on';
    case 'killSocket':
      return 'has its socket killed by ss -K';
  }
}

function networkWords(command: NetworkCommand): string {
  switch (command.verb) {
    case 'drop':
      return `loses ${choiceWords(command)}`;
    case 'hold':
      return `holds every ${kindWords(command)}`;
    case 'inject':
      return `answers ${choiceWords(command)} by a RST of its own`;
    case 'keep':
      return `keeps ${command.nth === undefined ? `every ${kindWords(command)}` : choiceWords(command)} back`;
    case 'duplicate':
      return `doubles ${choiceWords(command)}`;
    case 'lose':
      return `loses ${Math.round(command.rate * 100)} % of ${command.from === undefined ? 'all segments' : `the ${command.from}’s segments`} (seed ${command.seed})`;
    case 'blackhole':
      return 'loses everything';
    case 'delay':
      return `delays every segment by ${command.ms} ms`;
    case 'unplug':
      return `unplugs the ${command.host}’s host`;
    case 'release':
      return command.which === undefined ? 'lets everything through' : `lets through the ${command.which}`;
  }
}

const ORDINALS = ['first', 'second', 'third', 'fourth', 'fifth'];

/** The ordinals that a choice names; the first, if it names none. */
export function ordinalsOf({ nth = 1 }: Pick<SegmentChoice, 'nth'>): readonly number[] {
  return typeof nth === 'number' ? [nth] : nth;
}

function choiceWords(choice: SegmentChoice): string {
  const ordinals = ordinalsOf(choice).map((nth) => ORDINALS[nth - 1] ?? `${nth}th`);
  return `the ${ordinals.join(' and ')} ${kindWords(choice)}`;
}

function kindWords({ from, flags, without }: SegmentChoice): string {
  const what = flags ?? 'segment';
  return `${what}${without === undefined ? '' : ` without ${without}`} of the ${from}`;
}

function octets(data: string | Uint8Array): string {
  return `${Buffer.byteLength(data)} bytes`;
}
