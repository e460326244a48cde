/** Checks that several scenarios share, of what no builder of expect/ says. */
import type { Side } from '../model/connection.ts';
import type { JsReport } from '../model/observation.ts';
import { hasFlags, parseFlags } from '../model/segment.ts';
import type { TcpState } from '../model/tcp-state.ts';
import { type Check, check, type CheckedRun, type Finding } from './check.ts';

interface OnOption {
  /** @default 'main' */
  readonly on?: string;
}

/** That the server itself emitted an event, not one of its sockets: the builders speak of sockets. */
export function serverEmits(event: 'close' | 'drop'): Check {
  return check(`the server emits '${event}'`, ['node'], ({ connection }) => {
    const reports = serverReportsOf(connection);
    const found = reports.some(({ kind, name }) => kind === 'event' && name === `server:${event}`);
    return found ? { met: `'${event}'` } : { violated: list(reports) };
  });
}

/** That server.close() was called, and did not come to its 'close' in the run. */
export function serverNeverCloses(): Check {
  return check("the server emits no 'close' after server.close()", ['node'], ({ connection }) => {
    const reports = serverReportsOf(connection);
    if (reports.some(({ name }) => name === 'server:close')) return { violated: "'close' came" };
    return reports.some(({ name }) => name === 'server.close')
      ? { met: list(reports) }
      : { undetermined: 'server.close() was not seen' };
  });
}

/** That the program at this end read so many octets in all. */
export function reads(side: Side, bytes: number): Check {
  return check(`the ${side}’s program reads ${bytes} octets`, ['node'], ({ connection }) => {
    const events = (connection?.js ?? []).filter((entry) => entry.side === side);
    if (events.length === 0) return { undetermined: `nothing was seen of the ${side}’s program` };
    const read = events
      .filter(({ report }) => report.kind === 'event' && report.name === 'data')
      .reduce((sum, { report }) => sum + (report.bytes ?? 0), 0);
    return read === bytes ? { met: `${read} octets` } : { violated: `${read} octets` };
  });
}

/** Who called end(): the program, or Node for it (`allowHalfOpen: false`). */
export function endIsCalledBy(side: Side, wanted: 'program' | 'node'): Check {
  const caller = wanted === 'node' ? 'Node' : 'the program';
  return check(`the ${side}’s end() is called by ${caller}`, ['node'], ({ connection }) => {
    const call = connection?.js.find(
      (entry) => entry.side === side && entry.report.kind === 'call' && entry.report.name === 'end',
    );
    const by = call?.report.by;
    return by === wanted ? { met: `end() by ${caller}` } : { violated: by ? `end() by ${by}` : 'no end()' };
  });
}

/** How often a side sent segments with these flags, retransmissions included. */
export function sends(
  side: Side,
  flags: string,
  count: { readonly times: number } | { readonly atLeast: number },
  options: OnOption = {},
): Check {
  const wanted = 'times' in count ? `${count.times} times` : `at least ${count.atLeast} times`;
  return check(`${named(options.on)}${side} sends ${flags} ${wanted}`, ['wire'], (run) => {
    const connection = connectionOf(run, options.on);
    if (connection === undefined) return { violated: 'no segment at all' };
    const frames = connection.segments
      .filter(({ from, segment, injected }) => {
        return from === side && injected !== true && hasFlags(segment, parseFlags(flags));
      })
      .map(({ segment }) => segment.frame);
    const isEnough = 'times' in count ? frames.length === count.times : frames.length >= count.atLeast;
    const found = frames.length === 0 ? 'none' : `frames ${frames.join(', ')}`;
    return isEnough ? { met: found } : { violated: found };
  });
}

/** By RFC 9293's table, from the segments: that a side went through these states, in this order. */
export function passes(side: Side, ...states: readonly TcpState[]): Check {
  return check(
    `${side} passes ${states.join(' → ')} by its segments`,
    ['wire'],
    ({ connection }): Finding => {
      const moves = (connection?.segments ?? [])
        .flatMap(({ transitions }) => transitions)
        .filter((transition) => transition.side === side && transition.from !== transition.to);
      const distinct = [...moves.slice(0, 1).map(({ from }) => from), ...moves.map(({ to }) => to)];
      let next = 0;
      for (const state of distinct) if (state === states[next]) next++;
      const passed = distinct.join(' → ');
      if (next === states.length) return { met: passed };
      return { violated: passed === '' ? 'no change of state at all' : passed };
    },
  );
}

function connectionOf(run: CheckedRun, on: string | undefined): CheckedRun['connection'] {
  return on === undefined ? run.connection : run.connections[on];
}

function serverReportsOf(connection: CheckedRun['connection']): readonly JsReport[] {
  return (connection?.js ?? []).map(({ report }) => report).filter(({ name }) => name.startsWith('server'));
}

function list(reports: readonly JsReport[]): string {
  const names = reports.map(({ kind, name }) => (kind === 'call' ? `${name}()` : `'${name}'`));
  return names.length === 0 ? 'nothing was seen of the server itself' : names.join(', ');
}

function named(on: string | undefined): string {
  return on === undefined ? '' : `${on}: `;
}
