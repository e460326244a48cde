import type { Connection, Side, Timeline } from '../model/connection.ts';
import { formatEndpoint } from '../model/endpoint.ts';
import type { Lane } from '../model/observation.ts';
import { Flag, hasFlags } from '../model/segment.ts';
import type { ClaimResult } from '../model/verdict.ts';
import { handshake } from './expectation.ts';
import { openedSimultaneously } from './judge-flow.ts';
import { examineInitialNumbers } from './initial-numbers.ts';
import { damageTo, judge } from './judge.ts';

type Finding = Pick<ClaimResult, 'outcome' | 'evidence'>;

/** A claim that textbooks make, and how a connection confirms or refutes it; undefined when it shows neither. */
interface Claim {
  readonly text: string;
  readonly examine: (connection: Connection, timeline: Timeline) => Finding | undefined;
}

/** In the order of docs/claims.md. */
const CLAIMS: readonly Claim[] = [
  {
    text: 'The handshake is SYN, then SYN,ACK, then ACK; each acknowledgement is the other side’s initial sequence number + 1.',
    examine(connection, timeline) {
      const { status, reason } = judge(timeline, connection, handshake());
      if (status === 'met') return confirmed(reason);
      return openedSimultaneously(connection)
        ? refuted('both ends sent a SYN: simultaneous open')
        : undefined;
    },
  },
  {
    text: 'Initial sequence numbers are random: unrelated across connections.',
    examine(_connection, timeline) {
      // A connection that was missed would hide a rule.
      const finding = isWhole('wire', timeline) ? examineInitialNumbers(timeline.connections) : undefined;
      if (finding === undefined) return undefined;
      return finding.chosen === 'by rule' ? refuted(finding.evidence) : confirmed(finding.evidence);
    },
  },
  {
    text: 'A close takes four segments: FIN, ACK, FIN, ACK.',
    examine({ summary }, timeline) {
      const { ending, closeSegments } = summary;
      if (ending !== 'closed' || closeSegments === undefined || !isWhole('wire', timeline)) return undefined;
      const evidence = `this close took ${closeSegments}`;
      if (summary.simultaneousClose)
        return refuted(`${evidence}: FIN, FIN, ACK, ACK, since the FINs crossed`);
      return closeSegments === 4
        ? confirmed(evidence)
        : refuted(`${evidence}: the ACK rode on the second FIN, which is legal`);
    },
  },
  {
    text: 'After the first FIN the other side may still send its remaining data, then its own FIN (half-close).',
    examine({ summary }, timeline) {
      if (summary.bytesAfterFirstFin === 0 || summary.ending !== 'closed') return undefined;
      // Without the original, a segment sent again counts as one sent after the FIN.
      if (!isWhole('wire', timeline)) return undefined;
      return confirmed(
        `${summary.bytesAfterFirstFin} bytes came after the ${summary.firstCloser ?? ''}’s FIN`,
      );
    },
  },
  {
    text: 'After the close both client and server enter TIME-WAIT.',
    examine({ summary }, timeline) {
      if (summary.ending !== 'closed' || summary.timeWaitSource !== 'kernel') return undefined;
      if (!isWhole('kernel', timeline)) return undefined;
      const [holder, other] = summary.timeWaitHolders;
      // None: it may have passed before anybody looked.
      if (holder === undefined) return undefined;
      if (other === undefined) {
        return refuted(
          `only the ${holder} did${holder === summary.firstCloser ? ', which closed first' : ''}`,
        );
      }
      return confirmed(
        `ss showed both in TIME-WAIT${summary.simultaneousClose ? ', since the FINs crossed' : ''}`,
      );
    },
  },
  {
    text: 'Closing may involve timeouts and retransmissions.',
    examine(connection, timeline) {
      const again = connection.segments.find(
        ({ segment, retransmission }) => retransmission && hasFlags(segment, Flag.FIN),
      );
      if (again !== undefined) {
        return confirmed(`the ${again.from} sent its FIN again (frame ${again.segment.frame})`);
      }
      const waitedMs =
        isWhole('wire', timeline) && isWhole('kernel', timeline) ? outwaited(connection) : undefined;
      return waitedMs === undefined
        ? undefined
        : confirmed(
            `the ${waitedMs.side} was gone from FIN-WAIT-2 within ${waitedMs.ms.toFixed(0)} ms, without a FIN from the other end`,
          );
    },
  },
  {
    text: 'It is safer and more stable when the server closes first.',
    // Of safety and stability this measures what a kernel shows: who is left with TIME-WAIT.
    examine({ summary }, timeline) {
      if (summary.ending !== 'closed' || summary.firstCloser !== 'server') return undefined;
      if (summary.simultaneousClose || summary.timeWaitSource !== 'kernel') return undefined;
      if (!isWhole('kernel', timeline)) return undefined;
      const [holder, other] = summary.timeWaitHolders;
      if (holder === undefined || other !== undefined) return undefined;
      return holder === 'server'
        ? refuted('the server closed first, and it is the server that holds TIME-WAIT')
        : confirmed('the server closed first, and TIME-WAIT is left to the client');
    },
  },
  {
    text: 'A capture gives addresses, ports, sequence and acknowledgement numbers, and with them delay and loss.',
    examine({ client, server, summary }, timeline) {
      const delays = [ms('handshake', summary.handshakeNs), ms('FIN to its ACK', summary.finAckNs)];
      const measured = delays.filter((delay) => delay !== undefined);
      // That nothing was sent again is known only of a whole capture.
      if (measured.length === 0 || !isWhole('wire', timeline)) return undefined;
      const ends = `${formatEndpoint(client)} → ${formatEndpoint(server)}`;
      return confirmed(`${ends}; ${measured.join(', ')}, ${summary.retransmissions} retransmissions`);
    },
  },
];

/** The claims, in order of their numbers. */
export const CLAIM_TEXTS: readonly string[] = CLAIMS.map(({ text }) => text);

/** The claims that this connection confirms or refutes, in order of their numbers. */
export function examineClaims(timeline: Timeline, connection: Connection): ClaimResult[] {
  return CLAIMS.flatMap(({ text, examine }, index) => {
    const finding = examine(connection, timeline);
    return finding === undefined ? [] : [{ claim: index + 1, text, ...finding }];
  });
}

function confirmed(evidence: string): Finding {
  return { outcome: 'confirmed', evidence };
}

function refuted(evidence: string): Finding {
  return { outcome: 'refuted', evidence };
}

/** The end that left FIN-WAIT-2 though the other never closed, and how long it was there at most, by `ss`. */
function outwaited({
  segments,
  observedStates,
  summary: { firstCloser },
}: Connection): { side: Side; ms: number } | undefined {
  if (firstCloser === undefined) return undefined;
  const own = observedStates.filter(({ side }) => side === firstCloser);
  const waiting = own.findIndex(({ state }) => state === 'FIN-WAIT-2');
  const [began, gone] = [own[waiting], own[waiting + 1]];
  const ended = segments.some(({ from, segment }) => {
    return hasFlags(segment, Flag.RST) || (from !== firstCloser && hasFlags(segment, Flag.FIN));
  });
  if (ended || began === undefined || gone?.state !== 'CLOSED') return undefined;
  return { side: firstCloser, ms: Number(gone.latestNs - began.earliestNs) / 1e6 };
}

function isWhole(lane: Lane, { evidence }: Timeline): boolean {
  return damageTo([lane], evidence).length === 0;
}

function ms(what: string, ns: bigint | undefined): string | undefined {
  return ns === undefined ? undefined : `${what} ${(Number(ns) / 1e6).toFixed(3)} ms`;
}
