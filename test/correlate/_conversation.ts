import fc from 'fast-check';
import { otherSide, type Side } from '../../harness/model/connection.ts';
import { OPENING } from '../support/segment-script.ts';

interface Move {
  readonly from: Side;
  readonly what: 'data' | 'ack' | 'fin' | 'fin on data' | 'fin that crosses' | 'again' | 'reset';
}

const anyMove: fc.Arbitrary<Move> = fc.record({
  from: fc.constantFrom<Side>('client', 'server'),
  what: fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom<Move['what']>('data', 'ack', 'fin') },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Move['what']>('fin on data', 'fin that crosses', 'again', 'reset'),
    },
  ),
});

/**
 * What an end may do once the connection is open, in any order: send data, acknowledge, send its FIN, once, and again,
 * reset. FINs may cross; nothing else is lost or late.
 */
export const anyConversation: fc.Arbitrary<readonly string[]> = fc
  .array(anyMove, { maxLength: 14 })
  .map((moves) => {
    const lines = [...OPENING];
    const fresh = { sent: 1, isClosed: false, hasFin: false };
    const ends: Record<Side, End> = { client: { ...fresh }, server: { ...fresh } };
    for (const { from, what } of moves) {
      if (what === 'reset') return [...lines, `${from} RST,ACK`];
      lines.push(`${from} ${move(ends[from], ends[otherSide(from)], what)}`);
    }
    return lines;
  });

interface End {
  /** The number after what it has sent. */
  sent: number;
  isClosed: boolean;
  /** Has acknowledged the other end's FIN. */
  hasFin: boolean;
}

function move(end: End, other: End, what: Move['what']): string {
  const crosses = what === 'fin that crosses' && !end.isClosed && !end.hasFin && other.isClosed;
  end.hasFin ||= other.isClosed && !crosses;
  if (end.isClosed) return what === 'again' ? `FIN,ACK seq ${end.sent - 1}` : 'ACK';
  if (what === 'data') {
    end.sent += 5;
    return 'PSH,ACK len 5';
  }
  if (!what.startsWith('fin')) return 'ACK';
  end.isClosed = true;
  end.sent += what === 'fin on data' ? 4 : 1;
  return `FIN,ACK${what === 'fin on data' ? ' len 3' : ''}${crosses ? ` ack ${other.sent - 1}` : ''}`;
}
