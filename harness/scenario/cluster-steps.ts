/** What the scenarios of node:cluster share. */
import { fileURLToPath } from 'node:url';
import { type Check, check } from './check.ts';
import type { Mutant, Step } from './scenario.ts';
import type { Stage } from './stage.ts';
import { connects } from './steps.ts';

const PROGRAM = fileURLToPath(new URL('../../servers/workers/cluster.js', import.meta.url));

/** Connected, and greeted by a worker. */
export const connectsToWorker: Step = {
  ...connects,
  until: {
    acknowledged: ['client', 'server'],
    events: [{ side: 'client', name: 'data' }],
    states: { client: 'ESTABLISHED', server: 'ESTABLISHED' },
  },
};

/**
 * Starts the cluster where the main client will connect, lets `neighbour` and then the main client connect, has a
 * worker crash of the latter's request, and notes what then becomes of LISTEN.
 */
export async function crashWorkerOf(workers: number, stage: Stage): Promise<AsyncDisposable> {
  const { address, port } = stage.main.endpoint;
  for (const name of ['neighbour', 'next']) {
    await stage.connection(name, { server: { address, port } });
  }
  const args = [PROGRAM, String(port), address, String(workers)];
  const program = await stage.lab.spawn(process.execPath, args);
  await program.line(/^all workers listen$/, { timeoutMs: 20_000 });
  await stage.take({ ...connectsToWorker, on: 'neighbour' });
  await stage.take(connectsToWorker);
  await stage.tell(
    'client',
    { verb: 'write', data: 'crash\n' },
    {
      segments: [{ from: 'server', flags: 'FIN' }],
      acknowledged: ['server'],
      events: [{ side: 'client', name: 'end' }],
      states: { client: 'CLOSE-WAIT', server: 'FIN-WAIT-2' },
    },
  );
  await program.line(/^a worker is gone$/);
  const { sockets } = await stage.main.sample();
  const listens = sockets.some(({ state, local }) => state === 'LISTEN' && local.port === port);
  stage.note('LISTEN', listens ? 'there' : 'gone');
  return program;
}

/** The client never asks for what a worker crashes of. */
export const NO_CRASH: readonly Mutant[] = [
  {
    what: 'the client asks for nothing bad',
    who: 'client',
    instead: { write: { verb: 'write', data: 'good day\n' } },
  },
  {
    what: 'the client resets where it should ask',
    who: 'client',
    instead: { write: { verb: 'resetAndDestroy' } },
  },
];

export function listenIs(wanted: 'there' | 'gone', title: string): Check {
  return check(title, ['kernel'], ({ notes }) => {
    const found = `LISTEN ${String(notes['LISTEN'])}`;
    return notes['LISTEN'] === wanted ? { met: found } : { violated: found };
  });
}
