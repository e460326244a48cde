/** What a connection came to, in a sentence of facts. */
import type { Connection, ConnectionSummary } from '../../model/connection.ts';
import { unbroken, wrap } from './text.ts';
import type { Theme } from './theme.ts';
import { byteCount, duration } from './time.ts';

export function summaryLines({ summary }: Connection, theme: Theme): readonly string[] {
  const facts = [
    endingText(summary),
    ...closeFacts(summary),
    ...timeFacts(summary),
    ...timeWaitFacts(summary),
    ...volumeFacts(summary),
  ];
  return wrap(facts.map(unbroken).join(theme.glyphs.separator), theme.width);
}

function endingText(summary: ConnectionSummary): string {
  const { ending, firstCloser, resetBy, simultaneousClose } = summary;
  switch (ending) {
    case 'closed':
      if (simultaneousClose) return 'closed by both ends at once';
      return firstCloser === undefined ? 'closed' : `closed, ${firstCloser} first`;
    case 'reset':
      return resetBy === undefined ? 'reset' : `reset by ${resetBy}`;
    case 'refused':
      return 'refused';
    case 'unanswered':
      return ['SYN not answered', ...goneText(summary)].join(', ');
    case 'abandoned':
      return [
        ...(firstCloser === undefined ? [] : [`closed by ${firstCloser} only`]),
        ...goneText(summary),
      ].join(', ');
    case 'open':
      return firstCloser === undefined
        ? 'still open when the evidence ends'
        : `closed by ${firstCloser} only when the evidence ends`;
  }
}

/** `client gone without a segment (seen by ss)`. */
function goneText({ goneSilently = [] }: ConnectionSummary): readonly string[] {
  return goneSilently.length === 0
    ? []
    : [`${goneSilently.join(' and ')} gone without a segment (seen by ss)`];
}

function closeFacts({
  closeSegments,
  halfClosedNs,
  bytesAfterFirstFin,
}: ConnectionSummary): readonly string[] {
  const facts: string[] = [];
  if (closeSegments !== undefined) facts.push(`close took ${closeSegments} segments`);
  if (halfClosedNs !== undefined) facts.push(`half-closed for ${duration(halfClosedNs)}`);
  if (bytesAfterFirstFin > 0) facts.push(`${byteCount(bytesAfterFirstFin)} after the first FIN`);
  return facts;
}

function timeFacts({ handshakeNs, finAckNs }: ConnectionSummary): readonly string[] {
  const facts: string[] = [];
  if (handshakeNs !== undefined) facts.push(`handshake ${duration(handshakeNs)}`);
  if (finAckNs !== undefined) facts.push(`FIN acknowledged after ${duration(finAckNs)}`);
  return facts;
}

/** After a close somebody should hold TIME-WAIT; after a reset or a refusal nobody is expected to. */
function timeWaitFacts({ ending, timeWaitHolders, timeWaitSource }: ConnectionSummary): readonly string[] {
  if (ending !== 'closed' && timeWaitHolders.length === 0) return [];
  const source = timeWaitSource === 'kernel' ? 'seen by ss' : 'by the segments';
  const who = timeWaitHolders.length === 0 ? 'neither end' : timeWaitHolders.join(' and ');
  return [`TIME-WAIT: ${who} (${source})`];
}

function volumeFacts({ retransmissions, payloadBytes }: ConnectionSummary): readonly string[] {
  const again = retransmissions === 1 ? '1 retransmission' : `${retransmissions} retransmissions`;
  const { client, server } = payloadBytes;
  return [...(retransmissions > 0 ? [again] : []), `data: client ${client}, server ${byteCount(server)}`];
}
