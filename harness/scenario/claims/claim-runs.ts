/** What is run to see whether each claim of docs/claims.md holds on this machine's kernel. */
import { correlate } from '../../correlate/correlate.ts';
import { FinwaitError } from '../../errors.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Pair } from '../../lab/pair.ts';
import type { Connection, Timeline } from '../../model/connection.ts';
import { scenario as autoEnd } from '../catalogue/auto-end.ts';
import { scenario as halfCloseByClient } from '../catalogue/half-close-by-client.ts';
import { scenario as halfCloseByServer } from '../catalogue/half-close-by-server.ts';
import { scenario as closeByClient } from '../catalogue/handshake-and-close-by-client.ts';
import { scenario as closeByServer } from '../catalogue/handshake-and-close-by-server.ts';
import { runScenario } from '../run-scenario.ts';
import type { Scenario } from '../scenario.ts';
import { compareTimeWait, type ClaimNote } from './time-wait-count.ts';

/** One thing that is done, and the claims that it says something of. */
export interface ClaimRun {
  /** What happens, for people. */
  readonly what: string;
  readonly claims: readonly number[];
  /** Whether it takes gates or sysctls, and so a private network. @default false */
  readonly needsPrivateNetwork?: boolean;
  readonly run: (lab: Lab) => Promise<ClaimEvidence>;
}

export interface ClaimEvidence {
  readonly timeline: Timeline;
  /** What was counted beside the connections themselves, by claim. */
  readonly notes?: readonly ClaimNote[];
}

/** Enough that no rule explains random numbers by chance. */
const MANY = 12;

export const CLAIM_RUNS: readonly ClaimRun[] = [
  scenarioRun('the client closes first', [1, 3, 5, 8], closeByClient),
  scenarioRun('the server closes first', [3, 5], closeByServer),
  scenarioRun('the client half-closes, the server still sends', [3, 4], halfCloseByClient),
  scenarioRun('the server half-closes, the client still sends', [4], halfCloseByServer),
  scenarioRun('Node ends the server’s side at once (allowHalfOpen: false)', [3], autoEnd),
  {
    what: 'both close at once: gates hold the FINs back',
    claims: [3, 5],
    needsPrivateNetwork: true,
    run: closeAtOnce,
  },
  {
    what: 'the client’s FIN is lost: a gate drops it',
    claims: [6, 8],
    needsPrivateNetwork: true,
    run: loseFin,
  },
  { what: 'the last ACK is lost: a gate drops it', claims: [6], needsPrivateNetwork: true, run: loseLastAck },
  {
    what: 'the client destroys, the server never closes; tcp_fin_timeout shortened from 60 s to 1 s',
    claims: [6],
    needsPrivateNetwork: true,
    run: outwait,
  },
  {
    what: `${MANY} connections that the server closes first, and ${MANY} that the client does`,
    claims: [1, 2, 7],
    run: closeMany,
  },
];

function scenarioRun(what: string, claims: readonly number[], scenario: Scenario): ClaimRun {
  return { what, claims, run: async (lab) => ({ timeline: await timelineOf(lab, scenario) }) };
}

/** @throws FinwaitError when the run is not what the scenario says: it then shows nothing of any claim */
async function timelineOf(lab: Lab, scenario: Scenario): Promise<Timeline> {
  const { status, timeline, verdicts } = await runScenario(lab, scenario);
  if (status === 'met') return timeline;
  const unmet = verdicts.find((verdict) => verdict.status !== 'met');
  throw new FinwaitError(
    'ERR_FINWAIT_TIMEOUT',
    `${scenario.name}: ${unmet?.title ?? ''}: ${unmet?.reason ?? ''}`,
  );
}

async function closeMany(lab: Lab): Promise<ClaimEvidence> {
  const timelines: Timeline[] = [];
  for (const scenario of [closeByServer, closeByClient]) {
    for (let count = 0; count < MANY; count++) timelines.push(await timelineOf(lab, scenario));
  }
  const timeline = joined(timelines);
  const ports = timeline.connections.map(({ server }) => server.port);
  return { timeline, notes: [compareTimeWait(timeline, await lab.sample({ ports }))] };
}

/** The connections of several runs, as those of one. */
function joined(timelines: readonly Timeline[]): Timeline {
  const connections = timelines
    .flatMap((each) => each.connections)
    .map((connection, index): Connection => ({ ...connection, id: index + 1 }));
  return { connections, evidence: { damage: timelines.flatMap(({ evidence }) => evidence.damage) } };
}

async function open(lab: Lab): Promise<Pair> {
  const pair = await lab.pair({ server: 'half-open', client: 'half-close' });
  await pair.client.connect();
  await pair.until({
    acknowledged: ['client', 'server'],
    states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
  });
  return pair;
}

async function closeAtOnce(lab: Lab): Promise<ClaimEvidence> {
  await using pair = await open(lab);
  const gates = [
    await pair.hold({ from: 'client', flags: 'FIN' }),
    await pair.hold({ from: 'server', flags: 'FIN' }),
  ];
  await pair.client.end();
  await pair.server.end();
  await pair.until({ states: { client: 'FIN-WAIT-1', server: 'FIN-WAIT-1' } });
  for (const gate of gates) await gate.release();
  await pair.until({ states: { client: 'TIME-WAIT', server: 'TIME-WAIT' } });
  return { timeline: correlate(await pair.evidence()) };
}

async function loseFin(lab: Lab): Promise<ClaimEvidence> {
  await using pair = await open(lab);
  await using gate = await pair.hold({ from: 'client', flags: 'FIN' });
  await pair.client.end();
  await pair.until({ segments: [{ from: 'client', flags: 'FIN', times: 2 }] });
  await gate.release();
  await pair.until({ states: { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' } });
  await pair.server.end();
  await pair.until({ states: { client: 'TIME-WAIT', server: 'CLOSED' } });
  return { timeline: correlate(await pair.evidence()) };
}

async function loseLastAck(lab: Lab): Promise<ClaimEvidence> {
  await using pair = await open(lab);
  await pair.client.end();
  await pair.until({ acknowledged: ['client'], states: { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' } });
  await using gate = await pair.hold({ from: 'client' });
  await pair.server.end();
  // The wire shows the ACK. Only when the FIN comes again, and is answered again, does the server leave LAST-ACK.
  await pair.until({ segments: [{ from: 'server', flags: 'FIN' }], states: { server: 'LAST-ACK' } });
  await gate.release();
  await pair.until({ states: { client: 'TIME-WAIT', server: 'CLOSED' } });
  return { timeline: correlate(await pair.evidence()) };
}

const FIN_TIMEOUT = 'net.ipv4.tcp_fin_timeout';

async function outwait(lab: Lab): Promise<ClaimEvidence> {
  const before = await lab.readSysctl(FIN_TIMEOUT);
  await lab.writeSysctl(FIN_TIMEOUT, 1);
  try {
    await using pair = await open(lab);
    await pair.client.destroy();
    await pair.until({ states: { client: 'FIN-WAIT-2', server: 'CLOSE-WAIT' } });
    await pair.until({ states: { client: 'CLOSED', server: 'CLOSE-WAIT' } }, { timeoutMs: 15_000 });
    return { timeline: correlate(await pair.evidence()) };
  } finally {
    await lab.writeSysctl(FIN_TIMEOUT, before.trim());
  }
}
