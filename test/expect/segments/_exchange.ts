/** Exchanges told as a text, and the ways in which TCP may carry them, as scripts for segment-script.ts. */
import fc from 'fast-check';
import { otherSide, type Side } from '../../../harness/model/connection.ts';

/** Who sends what, in order; then who closes first. */
export interface Exchange {
  readonly messages: readonly { readonly by: Side; readonly bytes: number }[];
  readonly closer: Side;
}

const anySide = fc.constantFrom<Side>('client', 'server');

export const anyExchange: fc.Arbitrary<Exchange> = fc.record({
  messages: fc.array(fc.record({ by: anySide, bytes: fc.integer({ min: 1, max: 40 }) }), { maxLength: 6 }),
  closer: anySide,
});

/** Everything that happens, each acknowledged at once. */
export function textOf({ messages, closer }: Exchange): string {
  const other = otherSide(closer);
  return [
    'client > server  SYN',
    'server > client  SYN,ACK  ack 1',
    'client > server  ACK  ack 1',
    ...messages.flatMap(({ by, bytes }) => [
      `${way(by)}  PSH,ACK  len ${bytes}`,
      `${way(otherSide(by))}  ACK`,
    ]),
    `${way(closer)}  FIN,ACK`,
    `${way(other)}  ACK`,
    `${way(other)}  FIN,ACK`,
    `${way(closer)}  ACK`,
    'end',
  ].join('\n');
}

function way(from: Side): string {
  return `${from} > ${otherSide(from)}`;
}

/** The exchange exactly as its text has it. */
export function plainly({ messages, closer }: Exchange): string[] {
  const other = otherSide(closer);
  return [
    'client SYN',
    'server SYN,ACK',
    'client ACK',
    ...messages.flatMap(({ by, bytes }) => [`${by} PSH,ACK len ${bytes}`, `${otherSide(by)} ACK`]),
    `${closer} FIN,ACK`,
    `${other} ACK`,
    `${other} FIN,ACK`,
    `${closer} ACK`,
  ];
}

/** What TCP is free to do at each place where it may. */
export interface Liberties {
  /** Whether an ACK is sent on its own, or rides on what comes next. */
  readonly ackNow: readonly boolean[];
  /** Whether octets wait for the next message of the same side, or for its FIN. */
  readonly waits: readonly boolean[];
  /** Octets of the first of two segments into which a message is split; 0 for none. */
  readonly cuts: readonly number[];
  /** Whether a segment comes a second time, 1 or 2 segments later, or an ACK does. */
  readonly again: readonly ('no' | 'at once' | 'later' | 'extra ACK')[];
}

const many = { minLength: 24, maxLength: 24 };

export const anyLiberties: fc.Arbitrary<Liberties> = fc.record({
  ackNow: fc.array(fc.boolean(), many),
  waits: fc.array(fc.boolean(), many),
  cuts: fc.array(fc.nat(50), many),
  again: fc.array(fc.constantFrom('no', 'no', 'at once', 'later', 'extra ACK'), many),
});

/** One way in which TCP may carry the exchange. */
export function freely(exchange: Exchange, liberties: Liberties): string[] {
  return new FreeScript(exchange, liberties).lines;
}

class FreeScript {
  readonly lines: string[] = [];
  readonly #liberties: Liberties;
  readonly #sent: Record<Side, number> = { client: 0, server: 0 };
  readonly #waiting: Record<Side, number> = { client: 0, server: 0 };
  #repeatLater: string | undefined;
  #turn = 0;

  constructor({ messages, closer }: Exchange, liberties: Liberties) {
    this.#liberties = liberties;
    this.#send('client', 'SYN', 0, 1);
    this.#send('server', 'SYN,ACK', 0, 1);
    this.#acknowledge(
      'client',
      messages[0]?.by === 'client' || (messages.length === 0 && closer === 'client'),
    );
    for (const [index, { by, bytes }] of messages.entries()) {
      const next = messages[index + 1]?.by ?? closer;
      this.#waiting[by] += bytes;
      if (next === by && this.#choose(liberties.waits)) continue;
      this.#flush(by);
      this.#acknowledge(otherSide(by), true);
    }
    this.#close(closer);
  }

  #close(closer: Side): void {
    const other = otherSide(closer);
    this.#fin(closer);
    this.#acknowledge(other, true);
    this.#fin(other);
    this.#acknowledge(closer, false);
  }

  #fin(by: Side): void {
    const bytes = this.#waiting[by];
    this.#waiting[by] = 0;
    this.#send(by, 'FIN,ACK', bytes, 1);
  }

  #flush(by: Side): void {
    const bytes = this.#waiting[by];
    this.#waiting[by] = 0;
    const cut = this.#choose(this.#liberties.cuts);
    if (cut > 0 && cut < bytes) {
      this.#send(by, 'ACK', cut, 0);
      this.#acknowledge(otherSide(by), true);
      this.#send(by, 'PSH,ACK', bytes - cut, 0);
    } else this.#send(by, 'PSH,ACK', bytes, 0);
  }

  #acknowledge(by: Side, mayRide: boolean): void {
    if (!mayRide || this.#choose(this.#liberties.ackNow)) this.#send(by, 'ACK', 0, 0);
  }

  #send(by: Side, flags: string, bytes: number, controls: number): void {
    const seq = this.#sent[by];
    this.#sent[by] += bytes + controls;
    const length = bytes > 0 ? ` len ${bytes}` : '';
    this.lines.push(`${by} ${flags}${length}`);
    if (this.#repeatLater !== undefined) this.lines.push(this.#repeatLater);
    this.#repeatLater = undefined;
    const copy = `${by} ${flags}${length} seq ${seq}`;
    const choice = this.#choose(this.#liberties.again);
    // A SYN that comes again once the connection is open would begin another.
    if (flags === 'SYN' && choice === 'later') return;
    if (choice === 'at once') this.lines.push(copy);
    else if (choice === 'later') this.#repeatLater = copy;
    else if (choice === 'extra ACK' && flags !== 'SYN') this.lines.push(`${otherSide(by)} ACK`);
  }

  #choose<T>(choices: readonly T[]): T {
    const choice = choices[this.#turn++ % choices.length];
    if (choice === undefined) throw new TypeError('no choices');
    return choice;
  }
}
