import { type Connection, otherSide, type Side, type TrackedSegment } from '../model/connection.ts';
import { Flag, hasFlags } from '../model/segment.ts';
import { absent, causeOf, type Judgement, seenAt, segmentText, type Shortfall } from './shortfall.ts';

const NEEDS = ['wire'] as const;

export function judgeHandshake(connection: Connection): Judgement {
  const { segments } = connection;
  const shortfalls: Shortfall[] = [];
  const syn = segments[0];
  const synAck = segments.find(
    ({ from, segment }) => from === 'server' && hasFlags(segment, Flag.SYN | Flag.ACK),
  );
  const ack = segments.find(({ from, segment }) => {
    return from === 'client' && hasFlags(segment, Flag.ACK) && !hasFlags(segment, Flag.SYN);
  });
  if (syn === undefined || !isPure(syn, Flag.SYN)) {
    shortfalls.push(
      syn === undefined
        ? absent(connection, 'client → server  SYN', 'no segment at all')
        : seenAt(connection, syn, 'client → server  SYN first', 'absent'),
    );
  }
  if (synAck === undefined) {
    const answer = segments.find(({ from }) => from === 'server');
    const expected = 'server → client  SYN,ACK  after the SYN';
    shortfalls.push(
      answer === undefined
        ? absent(connection, expected, 'no answer from the server')
        : seenAt(connection, answer, expected, hasFlags(answer.segment, Flag.RST) ? 'seen' : 'absent'),
    );
  } else {
    if (synAck.acknowledgment !== 1)
      shortfalls.push(wrongAck(connection, synAck, 'server → client  SYN,ACK'));
    if (ack === undefined) {
      shortfalls.push(absent(connection, 'client → server  ACK  of the SYN,ACK', 'no ACK from the client'));
    } else if (ack.acknowledgment !== 1) {
      shortfalls.push(wrongAck(connection, ack, 'client → server  ACK'));
    }
  }
  const frames = [syn, synAck, ack].map((part) => part?.segment.frame).join(', ');
  return {
    needs: NEEDS,
    shortfalls,
    proof: `frames ${frames}; each ack is the other side’s initial number + 1`,
  };
}

/** True when of SYN, FIN, RST and ACK only `flags` is set; ECN bits may be, on a SYN (RFC 3168 §6.1.1). */
function isPure({ segment }: TrackedSegment, flags: number): boolean {
  return (segment.flags & (Flag.SYN | Flag.FIN | Flag.RST | Flag.ACK)) === flags;
}

function wrongAck(connection: Connection, segment: TrackedSegment, what: string): Shortfall {
  const { mismatch, ...rest } = seenAt(connection, segment, `${what}  ack 1 (initial sequence number + 1)`);
  return {
    ...rest,
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
    proof: `FIN of the ${by} first, ${count ?? 0} segments${merged}, no RST`,
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
  const span = Number(summary.halfClosedNs ?? 0n) / 1e6;
  const proof = `open the other way for ${span.toFixed(3)} ms, ${summary.bytesAfterFirstFin} bytes after the FIN`;
  return { needs: NEEDS, shortfalls, proof };
}

/** What keeps a connection from being one that `by` closed first and both closed in order. */
function closeShortfalls(connection: Connection, by: Side): Shortfall[] {
  const { segments, summary } = connection;
  const shortfalls: Shortfall[] = [];
  const rst = segments.find(({ segment }) => hasFlags(segment, Flag.RST));
  const firstFin = finOf(segments, summary.firstCloser);
  if (rst !== undefined) {
    const expected = firstFin === undefined ? `${way(by)}  FIN` : 'a close by FIN in both directions';
    shortfalls.push(seenAt(connection, rst, expected));
    return shortfalls;
  }
  if (firstFin === undefined) {
    shortfalls.push(absent(connection, `${way(by)}  FIN`, 'no FIN from either side'));
    return shortfalls;
  }
  if (summary.firstCloser !== by)
    shortfalls.push(seenAt(connection, firstFin, `${way(by)}  FIN first`, 'absent'));
  const second = otherSide(summary.firstCloser ?? by);
  if (finOf(segments, second) === undefined) {
    shortfalls.push(absent(connection, `${way(second)}  FIN`, `no FIN from the ${second}`));
  } else if (summary.ending !== 'closed') {
    shortfalls.push(absent(connection, 'an acknowledgement of each FIN', 'a FIN that nobody acknowledged'));
  }
  return shortfalls;
}

export function judgeReset(connection: Connection, { by }: { readonly by: Side }): Judgement {
  const { segments, summary } = connection;
  const rst = segments.find(({ segment }) => hasFlags(segment, Flag.RST));
  const fin = segments.find(({ from, segment }) => from === by && hasFlags(segment, Flag.FIN));
  const established = segments.some(({ statesAfter }) => statesAfter.client === 'ESTABLISHED');
  const expected = `${way(by)}  RST`;
  const shortfalls: Shortfall[] = [];
  if (rst === undefined) {
    shortfalls.push(
      fin === undefined
        ? absent(connection, expected, 'no RST from either side')
        : seenAt(connection, fin, expected, 'absent'),
    );
  } else if (rst.from !== by || summary.resetBy !== by || !established) {
    shortfalls.push(seenAt(connection, rst, `${expected}  on the established connection`));
  }
  const cause = rst && causeOf(connection, rst);
  const proof = rst === undefined ? '' : `${segmentText(rst)}${cause === undefined ? '' : `, by ${cause}`}`;
  return { needs: NEEDS, shortfalls, proof };
}

export function judgeRefused(connection: Connection): Judgement {
  const answer = connection.segments.find(({ from }) => from === 'server');
  const expected = 'server → client  RST,ACK  ack 1, in answer to the SYN';
  const shortfalls: Shortfall[] = [];
  if (answer === undefined) shortfalls.push(absent(connection, expected, 'no answer'));
  else if (!hasFlags(answer.segment, Flag.RST | Flag.ACK) || answer.acknowledgment !== 1) {
    shortfalls.push(seenAt(connection, answer, expected));
  }
  return { needs: NEEDS, shortfalls, proof: answer === undefined ? '' : segmentText(answer) };
}

function finOf(segments: readonly TrackedSegment[], side: Side | undefined): TrackedSegment | undefined {
  return segments.find(({ from, segment }) => from === side && hasFlags(segment, Flag.FIN));
}

function way(from: Side): string {
  return from === 'client' ? 'client → server' : 'server → client';
}
