import { type Connection, otherSide, type Side, type TrackedSegment } from '../model/connection.ts';
import { Flag, hasFlags } from '../model/segment.ts';
import { absent, type Judgement, seenAt, segmentText, type Shortfall, way } from './shortfall.ts';

const NEEDS = ['wire'] as const;

export function judgeHandshake(connection: Connection): Judgement {
  const { segments } = connection;
  const [syn] = segments;
  const missingSyn = withoutSyn(connection, 'client → server  SYN first');
  if (missingSyn !== undefined) return { needs: NEEDS, shortfalls: [missingSyn], proof: '' };
  const synAckAt = segments.findIndex(
    (tracked) => tracked.from === 'server' && tracked.delivered && isPure(tracked, Flag.SYN | Flag.ACK),
  );
  const synAck = segments[synAckAt];
  // One that a gate held was sent, and established nothing.
  const ack = segments.find(({ from, segment, delivered }, index) => {
    const isAck = hasFlags(segment, Flag.ACK) && (segment.flags & (Flag.SYN | Flag.RST)) === 0;
    return index > synAckAt && from === 'client' && isAck && delivered;
  });
  const shortfalls = [...withoutSynAck(connection, synAck), ...withoutAck(connection, synAck, ack)];
  const frames = [syn, synAck, ack].map((part) => part?.segment.frame).join(', ');
  return {
    needs: NEEDS,
    shortfalls,
    proof: `frames ${frames}; each ack is the other side’s initial number + 1`,
  };
}

/** Without the SYN nothing before it is known, and no number is relative to the true initial one. */
function withoutSyn(connection: Connection, expected: string): Shortfall | undefined {
  const [first] = connection.segments;
  if (first === undefined) return absent(connection, expected, 'no segment at all');
  return isPure(first, Flag.SYN) ? undefined : seenAt(connection, first, expected, 'absent');
}

function withoutSynAck(connection: Connection, synAck: TrackedSegment | undefined): Shortfall[] {
  const expected = 'server → client  SYN,ACK  after the SYN';
  const answer = connection.segments.find(({ from }) => from === 'server');
  if (answer === undefined) return [absent(connection, expected, 'no answer from the server')];
  // Simultaneous open (RFC 9293 §3.5, Figure 7), or refusal: no SYN,ACK that was missed can undo either.
  if (isPure(answer, Flag.SYN) || refuses(answer)) return [seenAt(connection, answer, expected)];
  if (synAck === undefined) return [seenAt(connection, answer, expected, 'absent')];
  if (synAck.acknowledgment === 1) return [];
  return [wrongAck(connection, synAck, 'server → client  SYN,ACK', 'seen')];
}

function withoutAck(
  connection: Connection,
  synAck: TrackedSegment | undefined,
  ack: TrackedSegment | undefined,
): Shortfall[] {
  if (synAck === undefined || ack?.acknowledgment === 1) return [];
  if (ack === undefined) {
    return [
      absent(connection, 'client → server  ACK  of the SYN,ACK', 'no ACK from the client that arrived'),
    ];
  }
  // One that acknowledges more may be the second, behind one that was missed.
  const basis = (ack.acknowledgment ?? 0) > 1 ? 'absent' : 'seen';
  return [wrongAck(connection, ack, 'client → server  ACK', basis)];
}

/** A RST for a SYN is numbered 0, since nothing was sent before: <SEQ=0><ACK=SEG.SEQ+SEG.LEN>, §3.10.7.1. */
export function refuses(answer: TrackedSegment): boolean {
  return (
    isPure(answer, Flag.RST | Flag.ACK) && answer.segment.sequenceNumber === 0 && answer.acknowledgment === 1
  );
}

/** True when of SYN, FIN, RST and ACK only `flags` is set; ECN bits may be, on a SYN (RFC 3168 §6.1.1). */
function isPure({ segment }: TrackedSegment, flags: number): boolean {
  return (segment.flags & (Flag.SYN | Flag.FIN | Flag.RST | Flag.ACK)) === flags;
}

function wrongAck(
  connection: Connection,
  segment: TrackedSegment,
  what: string,
  basis: 'seen' | 'absent',
): Shortfall {
  const expected = `${what}  ack 1 (initial sequence number + 1)`;
  const { mismatch } = seenAt(connection, segment, expected, basis);
  return {
    basis,
    mismatch: { ...mismatch, observed: `${mismatch.observed} ack ${segment.acknowledgment ?? 'none'}` },
  };
}

export function judgeOrderlyClose(
  connection: Connection,
  { by, segments }: { readonly by: Side; readonly segments?: 3 | 4 },
): Judgement {
  const { summary } = connection;
  const shortfalls = closeShortfalls(connection, by);
  const count = summary.closeSegments;
  if (shortfalls.length === 0 && segments !== undefined && count !== segments) {
    shortfalls.push(
      absent(connection, `a close in ${segments} segments`, `a close in ${count ?? 'no'} segments`),
    );
  }
  const merged = count === 3 ? ', the ACK riding on the second FIN' : '';
  return {
    needs: NEEDS,
    shortfalls,
    proof: `FIN of the ${by} first, ${count ?? 0} segments${merged}`,
  };
}

export function judgeHalfClose(
  connection: Connection,
  { by, dataAfter }: { readonly by: Side; readonly dataAfter: boolean },
): Judgement {
  const { summary } = connection;
  const other = otherSide(by);
  const shortfalls = closeShortfalls(connection, by);
  if (summary.firstCloser === by) {
    if (dataAfter && summary.bytesAfterFirstFin === 0) {
      const expected = `${way(other)}  data  after the ${by}’s FIN`;
      shortfalls.push(absent(connection, expected, `no data from the ${other} after it`));
    } else if (summary.halfClosedNs === undefined) {
      const expected = `the ${other}’s direction open after the ${by}’s FIN was acknowledged`;
      shortfalls.push(
        absent(connection, expected, `the ${other}’s FIN came with the acknowledgement, or not at all`),
      );
    }
  }
  if (shortfalls.length === 0 && !dataAfter && !wasSeenHalfClosed(connection, by)) {
    // Node ends its side within microseconds; whether the ACK or the FIN goes first is then the kernel's timing.
    const expected = `ss to show the ${other}’s direction open`;
    shortfalls.push({
      basis: 'unobserved',
      mismatch: { expected, observed: 'no snapshot of ss shows it open' },
    });
  }
  const span = Number(summary.halfClosedNs ?? 0n) / 1e6;
  const proof = `open the other way for ${span.toFixed(3)} ms, ${summary.bytesAfterFirstFin} bytes after the FIN`;
  return { needs: NEEDS, shortfalls, proof };
}

/** Whether `ss` showed that one direction was closed and the other open. */
function wasSeenHalfClosed({ observedStates }: Connection, by: Side): boolean {
  return observedStates.some(({ side, state }) => state === (side === by ? 'FIN-WAIT-2' : 'CLOSE-WAIT'));
}

/** What keeps a connection from being one that `by` closed first and both closed in order. */
function closeShortfalls(connection: Connection, by: Side): Shortfall[] {
  const { segments, summary } = connection;
  const shortfalls: Shortfall[] = [];
  const rst = segments.find(({ segment }) => hasFlags(segment, Flag.RST));
  const firstFin = finOf(segments, summary.firstCloser);
  // Behind both acknowledged FINs a RST ends no connection: it answers a straggler (RFC 1337 §1).
  if (rst !== undefined && summary.ending !== 'closed') {
    const expected = firstFin === undefined ? `${way(by)}  FIN` : 'a close by FIN in both directions';
    shortfalls.push(seenAt(connection, rst, expected));
    return shortfalls;
  }
  if (firstFin === undefined) {
    shortfalls.push(absent(connection, `${way(by)}  FIN`, 'no FIN from either side'));
    return shortfalls;
  }
  if (summary.simultaneousClose) {
    // Which of two FINs that crossed was captured first says nothing of who closed first.
    const crossing = finOf(segments, otherSide(summary.firstCloser ?? by)) ?? firstFin;
    const { basis, mismatch } = seenAt(connection, crossing, `${way(by)}  FIN, received before the other`);
    shortfalls.push({ basis, mismatch: { ...mismatch, observed: `${mismatch.observed}: the FINs crossed` } });
  } else if (summary.firstCloser !== by) {
    shortfalls.push(seenAt(connection, firstFin, `${way(by)}  FIN first`, 'absent'));
  }
  const second = otherSide(summary.firstCloser ?? by);
  if (finOf(segments, second) === undefined) {
    shortfalls.push(absent(connection, `${way(second)}  FIN`, `no FIN from the ${second}`));
  } else if (summary.ending !== 'closed') {
    shortfalls.push(absent(connection, 'an acknowledgement of each FIN', 'a FIN that nobody acknowledged'));
  }
  return shortfalls;
}

export function judgeRefused(connection: Connection): Judgement {
  const expected = 'server → client  RST,ACK  ack 1, in answer to the SYN';
  const missingSyn = withoutSyn(connection, 'client → server  SYN first');
  if (missingSyn !== undefined) return { needs: NEEDS, shortfalls: [missingSyn], proof: '' };
  const answer = connection.segments.find(({ from }) => from === 'server');
  const shortfalls: Shortfall[] = [];
  if (answer === undefined) shortfalls.push(absent(connection, expected, 'no answer'));
  else if (!isPure(answer, Flag.RST | Flag.ACK) || answer.acknowledgment !== 1) {
    shortfalls.push(seenAt(connection, answer, expected));
  } else if (connection.summary.ending !== 'refused') {
    shortfalls.push(seenAt(connection, answer, `${expected}, which ends the attempt`, 'absent'));
  }
  return { needs: NEEDS, shortfalls, proof: answer === undefined ? '' : segmentText(answer) };
}

/** A side's FIN, the first time it was sent. */
export function finOf(
  segments: readonly TrackedSegment[],
  side: Side | undefined,
): TrackedSegment | undefined {
  return segments.find(({ from, segment }) => from === side && hasFlags(segment, Flag.FIN));
}
