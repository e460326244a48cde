import test from 'ava';
import fc from 'fast-check';
import { EndpointTracker, type TrackedFields } from '../../harness/correlate/endpoint-tracker.ts';
import { trackSegments } from '../../harness/correlate/track-segments.ts';
import { TRANSITIONS } from '../../harness/correlate/transitions.ts';
import type { Segment } from '../../harness/model/segment.ts';
import { TCP_STATES, type TcpState } from '../../harness/model/tcp-state.ts';
import { CLIENT, script, SERVER } from '../support/segment-script.ts';

/** Numbers near each other, so that segments meet, and now and then anywhere. */
const nearby = fc.oneof(
  { weight: 9, arbitrary: fc.integer({ min: 0, max: 5 }).map((n) => (0xfffffffe + n) >>> 0) },
  { weight: 1, arbitrary: fc.integer({ min: 0, max: 0xffffffff }) },
);

/** SYN, FIN, RST and ACK in every mix. */
const flags = fc.nat({ max: 15 }).map((bits) => (bits & 7) | ((bits & 8) << 1));

const fields: fc.Arbitrary<TrackedFields> = fc.record({
  flags,
  sequenceNumber: nearby,
  acknowledgmentNumber: nearby,
  payloadBytes: fc.constantFrom(0, 0, 0, 1, 3, 1460),
});

type Step = readonly [isSent: boolean, segment: TrackedFields];

const anySteps: fc.Arbitrary<readonly Step[]> = fc.array(fc.tuple(fc.boolean(), fields), { maxLength: 30 });

/** Lines of a script: mostly numbers that follow, so that late states are reached; some sent again, some lost. */
const line = fc
  .tuple(
    fc.constantFrom('we ', 'peer '),
    fc.constantFrom(
      'SYN',
      'SYN,ACK',
      'ACK',
      'ACK',
      'ACK len 5',
      'FIN,ACK',
      'FIN,ACK len 5',
      'RST',
      'RST,ACK',
    ),
    fc.constantFrom('', '', '', '', ' seq 0', ' seq 1', ' seq 6'),
    fc.constantFrom('', '', '', '', ' ack 1', ' ack 2'),
    fc.constantFrom('', '', '', '', ' lost'),
  )
  .map((parts) => parts.join(''));

const openings = fc.constantFrom<readonly string[]>(
  [],
  ['we SYN', 'peer SYN,ACK', 'we ACK'],
  ['peer SYN', 'we SYN,ACK', 'peer ACK'],
);

const plausibleSteps = fc.tuple(openings, fc.array(line, { maxLength: 20 })).map(([opening, lines]) => {
  const initial = { client: 0xfffffffe, server: 0xffffffff };
  return script([...opening, ...lines], { initial }).map(
    (segment): Step => [segment.source === CLIENT, segment],
  );
});

const steps: fc.Arbitrary<readonly Step[]> = fc.oneof(anySteps, plausibleSteps);
const start = fc.constantFrom<TcpState>('CLOSED', 'LISTEN');

/** The states after each step. */
function statesOf(begin: TcpState, moves: readonly Step[]): TcpState[] {
  const tracker = new EndpointTracker(begin);
  return moves.map(([isSent, segment]) => {
    if (isSent) tracker.trackSent(segment);
    else tracker.trackReceived(segment);
    return tracker.state;
  });
}

test('the state only ever moves along arrows of the table, one or two a segment', (t) => {
  const next = (state: TcpState): readonly TcpState[] => Object.values(TRANSITIONS[state]);
  fc.assert(
    fc.property(start, steps, (begin, moves) => {
      let before = begin;
      for (const state of statesOf(begin, moves)) {
        const reachable = new Set([before, ...next(before), ...next(before).flatMap(next)]);
        if (!reachable.has(state)) return false;
        before = state;
      }
      return true;
    }),
  );
  t.pass();
});

test('the same segments lead to the same states', (t) => {
  fc.assert(
    fc.property(start, steps, (begin, moves) => {
      t.deepEqual(statesOf(begin, moves), statesOf(begin, moves));
    }),
  );
});

test('every state is reached by some segments', (t) => {
  const reached = new Set<TcpState>();
  fc.assert(
    fc.property(start, steps, (begin, moves) => {
      for (const state of [begin, ...statesOf(begin, moves)]) reached.add(state);
    }),
    { numRuns: 3000, seed: 1 },
  );
  t.deepEqual(
    TCP_STATES.filter((state) => !reached.has(state)),
    [],
  );
});

test('where an initial sequence number lies changes no state', (t) => {
  fc.assert(
    fc.property(start, steps, nearby, (begin, moves, shift) => {
      const shifted = moves.map(([isSent, segment]) => {
        const move = (number: number): number => (number + shift) >>> 0;
        const sequenceNumber = move(segment.sequenceNumber);
        return [
          isSent,
          { ...segment, sequenceNumber, acknowledgmentNumber: move(segment.acknowledgmentNumber) },
        ] as const;
      });
      t.deepEqual(statesOf(begin, shifted), statesOf(begin, moves));
    }),
  );
});

test('any segments between two ends are followed, each once and in order', (t) => {
  fc.assert(
    fc.property(steps, (moves) => {
      const segments = moves.map(
        ([byClient, segment], index): Segment => ({
          ...segment,
          frame: index + 1,
          capturedAtNs: BigInt(index),
          source: byClient ? CLIENT : SERVER,
          destination: byClient ? SERVER : CLIENT,
          window: 0,
          options: {},
        }),
      );
      const tracked = trackSegments({ client: CLIENT, server: SERVER, segments });
      t.deepEqual(
        tracked.map(({ segment }) => segment.frame),
        segments.map(({ frame }) => frame),
      );
    }),
  );
});
