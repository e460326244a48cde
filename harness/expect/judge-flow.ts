import { type Connection, otherSide, type Timeline, type TrackedSegment } from '../model/connection.ts';
import { Flag, hasFlags, sequenceLength } from '../model/segment.ts';
import type { FlowExpectation } from './flow-expectations.ts';
import { lastStateOf } from './judge-kernel.ts';
import { judgeSimultaneousClose, judgeSimultaneousOpen } from './judge-simultaneous.ts';
import { probesOf } from './probes.ts';
import { isWithin } from './segments/expected-segments.ts';
import { absent, type Judgement, seenAt, segmentText, type Shortfall, way } from './shortfall.ts';

const NEEDS = ['wire'] as const;
const CONTROL = Flag.SYN | Flag.FIN | Flag.RST;

type ByKind<K extends FlowExpectation['kind']> = Extract<FlowExpectation, { readonly kind: K }>;

export function judgeFlow(
  timeline: Timeline,
  connection: Connection,
  expectation: FlowExpectation,
): Judgement {
  switch (expectation.kind) {
    case 'simultaneous open':
      return judgeSimultaneousOpen(connection);
    case 'simultaneous close':
      return judgeSimultaneousClose(connection);
    case 'unanswered':
      return judgeUnanswered(connection, expectation);
    case 'abandoned':
      return judgeAbandoned(connection, expectation);
    case 'data after FIN':
      return judgeDataAfterFin(connection, expectation);
    case 'zero window':
      return judgeZeroWindow(connection, expectation);
    case 'probes':
      return judgeProbes(connection, expectation);
    case 'connections':
      return judgeConnections(timeline, connection, expectation);
  }
}

function judgeUnanswered(connection: Connection, { tries }: ByKind<'unanswered'>): Judgement {
  const { segments } = connection;
  const [first] = segments;
  const isSyn = ({ from, segment }: TrackedSegment): boolean => {
    return from === 'client' && (segment.flags & (CONTROL | Flag.ACK)) === Flag.SYN;
  };
  const sent = segments.filter(isSyn);
  const shortfalls: Shortfall[] = [];
  const answer = segments.find(({ from, delivered }) => from === 'server' && delivered);
  if (first === undefined || !isSyn(first)) {
    shortfalls.push(
      first === undefined
        ? absent(connection, `${way('client')}  SYN`, 'no segment at all')
        : seenAt(connection, first, `${way('client')}  SYN first`, 'absent'),
    );
  } else if (answer !== undefined) {
    shortfalls.push(seenAt(connection, answer, 'no answer to the SYN that arrives'));
  } else if (tries !== undefined && !isWithin(sent.length, tries)) {
    const over = sent[tries.max ?? Infinity];
    const expected = `${way('client')}  SYN, ${tries.min} times`;
    shortfalls.push(
      over === undefined
        ? absent(connection, expected, `${sent.length} times`)
        : seenAt(connection, over, expected),
    );
  }
  const frames = sent.map(({ segment }) => segment.frame).join(', ');
  return { needs: NEEDS, shortfalls, proof: `the SYN in frames ${frames}, and no answer` };
}

function judgeAbandoned(connection: Connection, { by }: ByKind<'abandoned'>): Judgement {
  const { segments } = connection;
  const last = segments.findLast(({ from, segment }) => from === by && sequenceLength(segment) > 0);
  const rst = segments.find(({ segment }) => hasFlags(segment, Flag.RST));
  const acknowledgment = segments.findLast(({ from, delivered, acknowledgment: ack }) => {
    return from !== by && delivered && ack !== undefined;
  });
  const shortfalls: Shortfall[] = [];
  if (last === undefined) {
    shortfalls.push(
      absent(connection, `something sent by the ${by}`, 'nothing that takes an acknowledgement'),
    );
  } else if (rst !== undefined) {
    shortfalls.push(seenAt(connection, rst, 'no RST from either end'));
  } else if ((acknowledgment?.acknowledgment ?? -1) >= last.sequence + sequenceLength(last.segment)) {
    shortfalls.push(
      seenAt(connection, acknowledgment ?? last, `no acknowledgement of frame ${last.segment.frame}`),
    );
  }
  const state = lastStateOf(connection, by);
  const expected = `ss to list the ${by} no more`;
  if (state === undefined) {
    shortfalls.push({
      basis: 'unobserved',
      mismatch: { expected, observed: 'ss was not asked after the last segment' },
    });
  } else if (state !== 'CLOSED') {
    shortfalls.push({ basis: 'seen', mismatch: { expected, observed: `${by} still in ${state}` } });
  }
  const proof =
    last === undefined ? '' : `${segmentText(last)} was never acknowledged, and the socket is gone`;
  return { needs: ['wire', 'kernel'], shortfalls, proof };
}

function judgeDataAfterFin(connection: Connection, { by, bytes }: ByKind<'data after FIN'>): Judgement {
  const { segments } = connection;
  const other = otherSide(by);
  const fin = segments.find(({ from, segment, delivered }) => {
    return from === other && delivered && hasFlags(segment, Flag.FIN);
  });
  const expected = `${way(by)}  data  after the ${other}’s FIN`;
  if (fin === undefined) {
    const shortfall = absent(connection, expected, `no FIN from the ${other} that arrived`);
    return { needs: NEEDS, shortfalls: [shortfall], proof: '' };
  }
  const finEnd = fin.sequence + sequenceLength(fin.segment);
  const after = segments.filter(({ from, segment, acknowledgment = -1, retransmission }) => {
    return from === by && segment.payloadBytes > 0 && acknowledgment >= finEnd && !retransmission;
  });
  const count = after.reduce((sum, { segment }) => sum + segment.payloadBytes, 0);
  const frames = after.map(({ segment }) => segment.frame).join(', ');
  const shortfalls: Shortfall[] = [];
  if (count < bytes.min) shortfalls.push(absent(connection, expected, `${count} bytes after it`));
  else if (!isWithin(count, bytes)) {
    const culprit = after.at(-1) ?? fin;
    shortfalls.push(
      seenAt(connection, culprit, `${bytes.max ?? 0} bytes after the ${other}’s FIN`, 'absent'),
    );
  }
  return {
    needs: NEEDS,
    shortfalls,
    proof: `${count} bytes after frame ${fin.segment.frame}: frames ${frames}`,
  };
}

function judgeZeroWindow(connection: Connection, { by, reopens }: ByKind<'zero window'>): Judgement {
  const own = connection.segments.filter(({ from, segment }) => {
    return from === by && (segment.flags & CONTROL) === 0 && hasFlags(segment, Flag.ACK);
  });
  const closedAt = own.findIndex(({ segment }) => segment.window === 0);
  const closed = own[closedAt];
  const opened = own.slice(closedAt + 1).find(({ segment }) => segment.window > 0);
  const shortfalls: Shortfall[] = [];
  if (closed === undefined) {
    shortfalls.push(absent(connection, `${way(by)}  ACK  win 0`, 'its window never closed'));
  } else if (reopens === true && opened === undefined) {
    shortfalls.push(absent(connection, `${way(by)}  ACK  with a window again`, 'its window stayed closed'));
  } else if (reopens === false && opened !== undefined) {
    shortfalls.push(seenAt(connection, opened, `${way(by)}  no window any more`));
  }
  const again = opened === undefined ? '' : `, opened again in frame ${opened.segment.frame}`;
  return { needs: NEEDS, shortfalls, proof: `win 0 in frame ${closed?.segment.frame ?? ''}${again}` };
}

function judgeProbes(connection: Connection, expectation: ByKind<'probes'>): Judgement {
  const { by, of, times } = expectation;
  const probes = probesOf(connection.segments, by).filter(({ kind }) => kind === of);
  const expected = `${way(by)}  ${of} probe`;
  const shortfalls: Shortfall[] = [];
  const tooMany = probes[times.max ?? Infinity];
  if (tooMany !== undefined)
    shortfalls.push(seenAt(connection, tooMany.probe, `${expected}, ${times.min} times`));
  if (probes.length < times.min) {
    shortfalls.push(absent(connection, `${expected}, ${times.min} times`, `${probes.length} of them`));
  }
  const last = probes.at(-1);
  const answered = probes.find(({ answer }) => answer !== undefined)?.answer;
  if (expectation.answered === true && last !== undefined && last.answer === undefined) {
    const wanted = `${way(otherSide(by))}  an answer to frame ${last.probe.segment.frame}`;
    shortfalls.push(seenAt(connection, last.probe, wanted, 'absent'));
  } else if (expectation.answered === false && answered !== undefined) {
    shortfalls.push(seenAt(connection, answered, 'no answer'));
  }
  const frames = probes.map(({ probe }) => probe.segment.frame).join(', ');
  return { needs: NEEDS, shortfalls, proof: `probes in frames ${frames}` };
}

function judgeConnections(
  { connections }: Timeline,
  connection: Connection,
  { times }: ByKind<'connections'>,
): Judgement {
  const count = connections.length;
  const expected = `${times.min} connections`;
  const observed = `${count} connections`;
  const shortfalls: Shortfall[] = [];
  if (count < times.min) shortfalls.push(absent(connection, expected, observed));
  else if (!isWithin(count, times)) shortfalls.push({ basis: 'seen', mismatch: { expected, observed } });
  return { needs: NEEDS, shortfalls, proof: observed };
}
