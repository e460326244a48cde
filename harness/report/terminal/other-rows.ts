/** Rows between the segments: JS calls and events, what `ss` showed beyond the table, silence. */
import { callSiteText } from '../../model/call-site-text.ts';
import type { PlacedJsReport } from '../../model/connection.ts';
import { line, paintState, stateLabel, type Layout } from './layout.ts';
import type { GapRow, JsRow, KernelRow } from './rows.ts';
import { beside, wrapBeside } from './segment-row.ts';
import type { KernelNote } from './states.ts';
import { centreCells, padStartCells } from './text.ts';
import type { Tone } from './theme.ts';
import { byteCount, duration } from './time.ts';

/** `client end()` beside the client's lifeline. */
export function jsLines({ placed, atNs, after }: JsRow, layout: Layout): readonly string[] {
  return wrapBeside(layout.theme.clean(jsText(placed)), layout).map((text, index) =>
    line(layout, {
      ...(index === 0 && { atNs }),
      states: after,
      middle: beside(text, placed.side, layout, 'secondary'),
    }),
  );
}

/**
 * `client write() 8 bytes`, `server 'end'`, `client error ECONNRESET`, `server 'close' after an error`,
 * `server end() by Node`, `server end() at lib/pool.js:88:12`.
 */
function jsText({ side, report }: PlacedJsReport): string {
  const { kind, name, code, bytes, hadError, by, site } = report;
  const words: string[] = [side];
  if (kind === 'call') words.push(name.startsWith('SIG') ? `ended by ${name}` : `${name}()`);
  else words.push(name === 'error' ? name : `'${name}'`);
  if (code !== undefined) words.push(code);
  if (bytes !== undefined) words.push(byteCount(bytes));
  if (hadError === true) words.push('after an error');
  if (by === 'node') words.push('by Node');
  const place = site && callSiteText(site);
  if (place !== undefined) words.push('at', place);
  return words.join(' ');
}

/** A state that `ss` showed on its own: in the state's place when nothing speaks against it, else in words. */
export function kernelLines(row: KernelRow, layout: Layout): readonly string[] {
  const { note, atNs, after } = row;
  const { theme, stateCells } = layout;
  if (note.kind !== 'moved') return noteLines(`! ${disagreement(note)}`, 'bad', row, layout);
  const label = stateLabel({ state: note.state, confirmed: true }, theme);
  if (stateCells === undefined) return noteLines(label, 'strong', row, layout);
  const painted = paintState(label, theme);
  const place =
    note.side === 'client'
      ? { clientState: padStartCells(painted, stateCells.client) }
      : { serverState: painted };
  return [line(layout, { atNs, states: after, ...place })];
}

function noteLines(words: string, tone: Tone, row: KernelRow, layout: Layout): readonly string[] {
  return wrapBeside(words, layout).map((text, index) =>
    line(layout, {
      ...(index === 0 && { atNs: row.atNs }),
      states: row.after,
      middle: beside(text, row.note.side, layout, tone),
    }),
  );
}

function disagreement({ kind, state, tableState }: KernelNote): string {
  const shows = kind === 'lingers' ? 'still shows' : 'shows';
  return `ss ${shows} ${state}, the segments imply ${tableState ?? 'nothing'}`;
}

/** `… 40 ms …` between the lifelines. */
export function gapLines({ ns, states }: GapRow, layout: Layout): readonly string[] {
  const { theme, middleCells } = layout;
  const text = `${theme.glyphs.gap} ${duration(ns)} ${theme.glyphs.gap}`;
  return wrapBeside(text, layout).map((each) =>
    line(layout, { states, middle: theme.paint('secondary', centreCells(each, middleCells)) }),
  );
}
