/** Checks that many scenarios share; see expect/expectation.ts for what the builders say. */
import type { Side } from '../model/connection.ts';
import { hasFlags, parseFlags } from '../model/segment.ts';
import type { TcpState } from '../model/tcp-state.ts';
import { type Check, check, type CheckedRun, type Finding } from './check.ts';

interface OnOption {
  /** @default 'main' */
  readonly on?: string;
}

/** That the socket's program got an event, and with which error code. */
export function emits(side: Side, event: string, options: OnOption & { readonly code?: string } = {}): Check {
  const { code, on } = options;
  const title = `${named(on)}${side} gets '${event}'${code === undefined ? '' : ` ${code}`}`;
  return check(title, ['node'], (run) => {
    const seen = eventsOf(run, side, on).filter(({ name }) => name === event);
    const found = seen.find((report) => code === undefined || report.code === code);
    if (found !== undefined) return { met: `'${event}'${found.code === undefined ? '' : ` ${found.code}`}` };
    const others = seen.map((report) => report.code ?? event).join(', ');
    return { violated: others === '' ? `no '${event}': ${list(eventsOf(run, side, on))}` : others };
  });
}

/** That the socket's program did not get an event in the run. */
export function neverEmits(side: Side, event: string, options: OnOption = {}): Check {
  return check(`${named(options.on)}${side} gets no '${event}'`, ['node'], (run) => {
    const events = eventsOf(run, side, options.on);
    const found = events.some(({ name }) => name === event);
    return found ? { violated: `'${event}' came` } : { met: list(events) };
  });
}

/** In which state the last snapshot of `ss` shows the side. */
export function endsIn(side: Side, state: TcpState, options: OnOption = {}): Check {
  return check(`${named(options.on)}${side} is left in ${state}`, ['kernel'], (run) => {
    const last = connectionOf(run, options.on)?.observedStates.findLast((seen) => seen.side === side);
    if (last === undefined) return { undetermined: 'no snapshot of ss' };
    return last.state === state ? { met: `ss: ${state}` } : { violated: `ss: ${last.state}` };
  });
}

/** How often a side sent segments with these flags, retransmissions included. */
export function sends(
  side: Side,
  flags: string,
  count: { readonly times: number } | { readonly atLeast: number },
  options: OnOption = {},
): Check {
  const wanted = 'times' in count ? often(count.times) : `at least ${often(count.atLeast)}`;
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

function often(times: number): string {
  return times === 1 ? 'once' : `${times} times`;
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

function eventsOf(
  run: CheckedRun,
  side: Side,
  on: string | undefined,
): readonly { readonly name: string; readonly code?: string }[] {
  return (connectionOf(run, on)?.js ?? [])
    .filter((entry) => entry.side === side && entry.report.kind === 'event')
    .map(({ report }) => report);
}

function list(events: readonly { readonly name: string }[]): string {
  return events.length === 0 ? 'no event at all' : events.map(({ name }) => `'${name}'`).join(', ');
}

function named(on: string | undefined): string {
  return on === undefined ? '' : `${on}: `;
}
