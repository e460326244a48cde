import fc from 'fast-check';

/** One call on one end of a connection. */
export interface SocketCall {
  readonly who: 'client' | 'server';
  readonly verb:
    | 'write'
    | 'end'
    | 'destroy'
    | 'destroyWithError'
    | 'destroySoon'
    | 'resetAndDestroy'
    | 'pause'
    | 'resume'
    | 'read'
    | 'cork'
    | 'uncork'
    | 'setNoDelay'
    | 'ref'
    | 'unref'
    | 'emit';
  readonly octets?: number;
  readonly when: 'now' | 'tick' | 'microtask' | 'immediate';
}

/** What test/support/programs/scripted-sockets.ts runs. Plain JSON. */
export interface SocketScript {
  readonly allowHalfOpen: boolean;
  readonly clientHalfOpen: boolean;
  readonly pauseOnConnect: boolean;
  readonly clientReads: 'data' | 'readable' | 'not';
  readonly serverReads: 'data' | 'readable' | 'not';
  /** False: the first calls come before the client is connected. */
  readonly waitsForConnect: boolean;
  /** The calls of a step are made together; then everything is let happen. */
  readonly steps: readonly (readonly SocketCall[])[];
}

const verbs: fc.Arbitrary<SocketCall['verb']> = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom('write' as const) },
  { weight: 4, arbitrary: fc.constantFrom('end' as const) },
  {
    weight: 3,
    arbitrary: fc.constantFrom('destroy' as const, 'resetAndDestroy' as const, 'destroySoon' as const),
  },
  { weight: 3, arbitrary: fc.constantFrom('pause' as const, 'resume' as const, 'read' as const) },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'destroyWithError' as const,
      'cork' as const,
      'uncork' as const,
      'setNoDelay' as const,
      'ref' as const,
      'unref' as const,
      'emit' as const,
    ),
  },
);

const call: fc.Arbitrary<SocketCall> = fc.record({
  who: fc.constantFrom('client' as const, 'server' as const),
  verb: verbs,
  octets: fc.constantFrom(0, 1, 14, 20_000, 60_000),
  when: fc.constantFrom(
    'now' as const,
    'now' as const,
    'tick' as const,
    'microtask' as const,
    'immediate' as const,
  ),
});

const reads = fc.constantFrom('data' as const, 'readable' as const, 'not' as const);

/** Scripts of up to five steps of up to three calls. */
export const socketScript: fc.Arbitrary<SocketScript> = fc.record({
  allowHalfOpen: fc.boolean(),
  clientHalfOpen: fc.boolean(),
  pauseOnConnect: fc.boolean(),
  clientReads: reads,
  serverReads: reads,
  waitsForConnect: fc.boolean(),
  steps: fc.array(fc.array(call, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 5 }),
});
