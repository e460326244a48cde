/** The parts of `finwait demo --json` that tell one Node version from another. */
export interface JsonRun {
  readonly scenario: string;
  readonly status: string;
  readonly verdicts: readonly { readonly title: string; readonly status: string; readonly reason: string }[];
  readonly connections: Readonly<Record<string, JsonConnection>>;
}

interface JsonConnection {
  readonly segments: readonly {
    readonly from: string;
    readonly retransmission: boolean;
    readonly segment: { readonly flags: number };
  }[];
  readonly js: readonly {
    readonly side: string;
    readonly report: {
      readonly kind: string;
      readonly name: string;
      readonly code?: string;
      readonly by?: string;
    };
  }[];
  readonly summary: { readonly ending: string; readonly firstCloser?: string; readonly resetBy?: string };
}

/** What a run looked like, in words that do not depend on timing. */
export type Features = Readonly<Record<string, string>>;

const FIN = 1;
const RST = 4;
const SIDES = ['client', 'server'] as const;

export function featuresOf({ status, verdicts, connections }: JsonRun): Features {
  const unmet = verdicts.filter((verdict) => verdict.status !== 'met');
  const features: Record<string, string> = {
    status: [status, ...unmet.map(({ title, reason }) => `${title}: ${reason}`)].join('; '),
  };
  for (const [name, connection] of Object.entries(connections)) {
    const { ending, firstCloser = 'nobody', resetBy = 'nobody' } = connection.summary;
    features[`${name}: how it ended`] = `${ending}, closed first by ${firstCloser}, reset by ${resetBy}`;
    for (const side of SIDES) {
      features[`${name}: ${side}’s events and Node’s own calls`] = eventsOf(connection, side);
      features[`${name}: ${side}’s FINs and RSTs`] = closingSegments(connection, side);
    }
  }
  return features;
}

function eventsOf({ js }: JsonConnection, side: string): string {
  const words = js
    .filter((entry) => entry.side === side && (entry.report.kind === 'event' || entry.report.by === 'node'))
    .map(({ report: { kind, name, code } }) =>
      [kind === 'call' ? `${name}()` : name, code].filter(Boolean).join(' '),
    );
  return [...new Set(words)].join(', ');
}

function closingSegments({ segments }: JsonConnection, side: string): string {
  const sent = segments.filter(({ from, retransmission }) => from === side && !retransmission);
  const count = (flag: number): number => sent.filter(({ segment }) => (segment.flags & flag) !== 0).length;
  return `${count(FIN)} FIN, ${count(RST)} RST`;
}
