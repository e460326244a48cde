import type { ConnectionRow } from '../model/connection-row.ts';
import type { Field } from './fields.ts';

export interface RowTest {
  (row: ConnectionRow): boolean;
  /**
   * Of a connection of which no packet was captured.
   * @returns undefined when the condition asks for what is not among the facts
   */
  readonly byFacts: (facts: KnownFacts) => boolean | undefined;
}

/** What can be known of a connection without its packets; a fact that is known not to be is there as undefined. */
export type KnownFacts = {
  readonly [Key in 'id' | 'client' | 'server' | 'startNs' | 'ending' | 'closedBy' | 'resetBy']?:
    | ConnectionRow[Key]
    | undefined;
};

/** The fact that a field tells of. */
const FACT_OF: Readonly<Record<string, keyof KnownFacts>> = {
  id: 'id',
  client: 'client',
  clientAddress: 'client',
  clientPort: 'client',
  server: 'server',
  serverAddress: 'server',
  serverPort: 'server',
  start: 'startNs',
  ending: 'ending',
  ended: 'ending',
  reset: 'ending',
  refused: 'ending',
  closed: 'ending',
  open: 'ending',
  closedBy: 'closedBy',
  resetBy: 'resetBy',
};

/** Part of a condition. */
export interface Test {
  readonly byRow: (row: ConnectionRow) => boolean;
  readonly byFacts: RowTest['byFacts'];
}

export function either(a: Test, b: Test): Test {
  return {
    byRow: (row) => a.byRow(row) || b.byRow(row),
    byFacts: (facts) => {
      const [left, right] = [a.byFacts(facts), b.byFacts(facts)];
      if (left === true || right === true) return true;
      return left === undefined || right === undefined ? undefined : false;
    },
  };
}

export function both(a: Test, b: Test): Test {
  return {
    byRow: (row) => a.byRow(row) && b.byRow(row),
    byFacts: (facts) => {
      const [left, right] = [a.byFacts(facts), b.byFacts(facts)];
      if (left === false || right === false) return false;
      return left === undefined || right === undefined ? undefined : true;
    },
  };
}

export function negated({ byRow, byFacts }: Test): Test {
  return {
    byRow: (row) => !byRow(row),
    byFacts: (facts) => {
      const holds = byFacts(facts);
      return holds === undefined ? undefined : !holds;
    },
  };
}

export function ofField({ name }: Field, byRow: Test['byRow']): Test {
  return {
    byRow,
    byFacts: (facts) => {
      const fact = FACT_OF[name];
      // No field of a fact looks at anything else of the row.
      return fact !== undefined && fact in facts ? byRow(facts as ConnectionRow) : undefined;
    },
  };
}
