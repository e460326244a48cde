/** The scenarios of the family allow-half-open: which end has the option, and who ends first. */
import { halfClose, handshake, nothingLeftOpen, orderlyClose, states } from '../expect/expectation.ts';
import { otherSide, type Side } from '../model/connection.ts';
import { endIsCalledBy } from './checks.ts';
import type { Scenario, Step } from './scenario.ts';
import { closedAfter, connects, ends, endsLast, writes } from './steps.ts';

type Allowed = 'none' | Side | 'both';

interface Member {
  /** Which ends are made with allowHalfOpen: true. */
  readonly allowed: Allowed;
  readonly endsFirst: Side;
  /** Of the eight, in order. */
  readonly rank: number;
}

/**
 * One of the eight. Only the option of the end that receives the first FIN decides what happens; all eight are run, so
 * that nobody has to believe it.
 */
export function allowHalfOpen({ allowed, endsFirst, rank }: Member): Scenario {
  const second = otherSide(endsFirst);
  const isHalfOpen = allowed === 'both' || allowed === second;
  const optionsOf = (side: Side): { readonly allowHalfOpen: boolean } => ({
    allowHalfOpen: allowed === 'both' || allowed === side,
  });
  return {
    name: `allow-half-open-${allowed}-${endsFirst}-ends`,
    title: `allowHalfOpen on ${whose(allowed)}, the ${endsFirst} ends first: ${
      isHalfOpen ? `the ${second} still sends` : `Node ends the ${second}’s side, too`
    }`,
    explanation: isHalfOpen ? stillSends(allowed, endsFirst) : endedByNode(allowed, endsFirst),
    chapter: 'half-close',
    rank,
    server: { behaviour: 'never-ends', options: optionsOf('server') },
    client: { behaviour: 'never-ends', options: optionsOf('client') },
    steps: isHalfOpen ? halfOpenSteps(endsFirst) : autoEndSteps(endsFirst),
    expectations: [
      handshake(),
      ...(isHalfOpen ? [halfClose({ by: endsFirst })] : []),
      orderlyClose({ by: endsFirst }),
      ...(isHalfOpen
        ? [
            states(endsFirst, 'ESTABLISHED', 'FIN-WAIT-2', 'TIME-WAIT'),
            states(second, 'ESTABLISHED', 'CLOSE-WAIT', 'CLOSED'),
          ]
        : [states(endsFirst, 'ESTABLISHED', 'TIME-WAIT'), states(second, 'ESTABLISHED', 'CLOSED')]),
      endIsCalledBy(endsFirst, 'program'),
      endIsCalledBy(second, isHalfOpen ? 'program' : 'node'),
      nothingLeftOpen(),
    ],
    mutants: [
      {
        what: `the ${second} has it the other way round`,
        who: second,
        [second]: { behaviour: 'never-ends', options: { allowHalfOpen: !isHalfOpen } },
      },
      {
        what: `the ${endsFirst} resets where it should end`,
        who: endsFirst,
        instead: { end: { verb: 'resetAndDestroy' } },
      },
    ],
  };
}

function halfOpenSteps(endsFirst: Side): readonly Step[] {
  const second = otherSide(endsFirst);
  const halfClosed = { [endsFirst]: 'FIN-WAIT-2', [second]: 'CLOSE-WAIT' } as Parameters<typeof ends>[1];
  return [connects, ends(endsFirst, halfClosed), writes(second, 'still here\n'), endsLast(second)];
}

function autoEndSteps(endsFirst: Side): readonly Step[] {
  return [connects, ends(endsFirst, closedAfter(endsFirst))];
}

function whose(allowed: Allowed): string {
  if (allowed === 'none') return 'neither end';
  return allowed === 'both' ? 'both ends' : `the ${allowed}’s end`;
}

function stillSends(allowed: Allowed, endsFirst: Side): string {
  const second = otherSide(endsFirst);
  return (
    `The ${endsFirst} calls end() and so sends its FIN. The ${second} was made with allowHalfOpen: true, so ‘end’ is for ` +
    `it an event like any other: it stays in CLOSE-WAIT, sends what it still has, and its FIN only when its program ` +
    `says end(). The ${endsFirst} reads on in FIN-WAIT-2. ` +
    (allowed === 'both'
      ? `The ${endsFirst} has the option, too, but it is never asked for: it had ended before the other’s FIN came.`
      : `That the ${endsFirst} has allowHalfOpen: false does not matter: who ends first may always read on.`)
  );
}

function endedByNode(allowed: Allowed, endsFirst: Side): string {
  const second = otherSide(endsFirst);
  return (
    `The ${endsFirst} calls end() and so sends its FIN. The ${second} has allowHalfOpen: false, Node’s default, so Node ` +
    `calls end() for it as soon as it has read the FIN: CLOSE-WAIT lasts microseconds, and nothing can be sent in it. ` +
    (allowed === 'none'
      ? 'So it is between two programs that say nothing about it, whichever of them ends.'
      : `That the ${endsFirst} has allowHalfOpen: true does not help: the option says what an end does with a FIN that it ` +
        'receives, not with one that it sends.')
  );
}
