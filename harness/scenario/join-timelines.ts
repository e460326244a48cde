import type { Connection, Timeline } from '../model/connection.ts';

/** The timelines of a play's connections as one: their first connections by name, all of them numbered anew. */
export function joinTimelines(parts: readonly { readonly name: string; readonly timeline: Timeline }[]): {
  readonly timeline: Timeline;
  readonly connections: Readonly<Record<string, Connection>>;
} {
  // One that used a port again is seen by the recording of the connection before it, too.
  const named = new Set(parts.map(({ timeline }) => firstFrameOf(timeline.connections[0])));
  const connections: Connection[] = [];
  const byName: Record<string, Connection> = {};
  for (const { name, timeline } of parts) {
    for (const [index, connection] of timeline.connections.entries()) {
      if (index > 0 && named.has(firstFrameOf(connection))) continue;
      const numbered = { ...connection, id: connections.length + 1 };
      connections.push(numbered);
      if (index === 0) byName[name] = numbered;
    }
  }
  const qualities = parts.map(({ timeline }) => timeline.evidence);
  const clockErrorNs = largest(qualities.map((quality) => quality.clockErrorNs));
  const settings = distinct(
    qualities.flatMap((quality) => quality.settings ?? []),
    ({ sysctl, here }) => `${sysctl} ${here}`,
  );
  const largestSamplingGapNs = largest(qualities.map((quality) => quality.largestSamplingGapNs));
  return {
    connections: byName,
    timeline: {
      connections,
      evidence: {
        damage: distinct(
          qualities.flatMap(({ damage }) => damage),
          ({ lane, kind, detail }) => `${lane} ${kind} ${detail}`,
        ),
        ...(clockErrorNs !== undefined && { clockErrorNs }),
        ...(largestSamplingGapNs !== undefined && { largestSamplingGapNs }),
        ...(settings.length > 0 && { settings }),
      },
    },
  };
}

function firstFrameOf(connection: Connection | undefined): number | undefined {
  return connection?.segments[0]?.segment.frame;
}

function largest(values: readonly (bigint | undefined)[]): bigint | undefined {
  return values.reduce((a, b) => (a === undefined || (b !== undefined && b > a) ? b : a), undefined);
}

/** One lab's capture that is damaged, or setting that is not usual, is told by every connection. */
function distinct<T>(told: readonly T[], keyOf: (each: T) => string): readonly T[] {
  return [...new Map(told.map((each) => [keyOf(each), each])).values()];
}
