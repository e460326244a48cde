import type { Connection, Timeline } from '../model/connection.ts';
import { formatEndpoint } from '../model/endpoint.ts';
import { Flag, hasFlags } from '../model/segment.ts';
import type { ClaimResult } from '../model/verdict.ts';
import { judge } from './judge.ts';
import { handshake } from './expectation.ts';

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
      return status === 'met' ? confirmed(reason) : undefined;
    },
  },
  {
    text: 'Initial sequence numbers are random: unrelated across connections.',
    examine(_connection, { connections }) {
      const numbers = connections.map(({ segments }) => segments[0]?.segment.sequenceNumber ?? 0);
      return connections.length < 2 ? undefined : confirmed(`initial numbers ${numbers.join(', ')}`);
    },
  },
  {
    text: 'A close takes four segments: FIN, ACK, FIN, ACK.',
    examine({ summary }) {
      if (summary.closeSegments === undefined) return undefined;
      const evidence = `this close took ${summary.closeSegments}`;
      return summary.closeSegments === 4
        ? confirmed(evidence)
        : refuted(`${evidence}: the ACK rode on the second FIN, which is legal`);
    },
  },
  {
    text: 'After the first FIN the other side may still send its remaining data, then its own FIN (half-close).',
    examine({ summary }) {
      if (summary.bytesAfterFirstFin === 0 || summary.ending !== 'closed') return undefined;
      return confirmed(
        `${summary.bytesAfterFirstFin} bytes came after the ${summary.firstCloser ?? ''}’s FIN`,
      );
    },
  },
  {
    text: 'After the close both client and server enter TIME-WAIT.',
    examine({ summary }) {
      if (summary.ending !== 'closed' || summary.timeWaitSource !== 'kernel') return undefined;
      const holders = summary.timeWaitHolders;
      if (holders.length === 2) return confirmed('ss showed both in TIME-WAIT');
      return refuted(`only the ${holders.join('') || 'first closer'} did, which closed first`);
    },
  },
  {
    text: 'Closing may involve timeouts and retransmissions.',
    examine({ segments }) {
      const again = segments.find(
        ({ segment, retransmission }) => retransmission && hasFlags(segment, Flag.FIN),
      );
      return again && confirmed(`the ${again.from} sent its FIN again (frame ${again.segment.frame})`);
    },
  },
  {
    text: 'It is safer and more stable when the server closes first.',
    examine({ summary }) {
      if (summary.ending !== 'closed' || summary.firstCloser !== 'server') return undefined;
      if (!summary.timeWaitHolders.includes('server')) return undefined;
      return refuted(
        'the server closed first and now holds TIME-WAIT for 60 s, once for each such connection',
      );
    },
  },
  {
    text: 'A capture gives addresses, ports, sequence and acknowledgement numbers, and with them delay and loss.',
    examine({ client, server, summary }) {
      const delays = [
        ms('handshake', summary.handshakeNs),
        ms('FIN to its ACK', summary.finAckNs),
        `${summary.retransmissions} retransmissions`,
      ];
      const ends = `${formatEndpoint(client)} → ${formatEndpoint(server)}`;
      return confirmed(`${ends}; ${delays.filter(Boolean).join(', ')}`);
    },
  },
];

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

function ms(what: string, ns: bigint | undefined): string {
  return ns === undefined ? '' : `${what} ${(Number(ns) / 1e6).toFixed(3)} ms`;
}
