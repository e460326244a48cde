/** A segment as an arrow between the lifelines, labelled with what its header says. */
import type { Side, TrackedSegment } from '../../model/connection.ts';
import { Flag, flagsText, hasFlags, type Segment } from '../../model/segment.ts';
import { seqDistance } from '../../model/sequence-number.ts';
import { line, paintState, stateLabel, type Layout } from './layout.ts';
import type { SegmentRow } from './rows.ts';
import { cells, padEndCells, padStartCells, unbroken, wrap } from './text.ts';
import type { Theme, Tone } from './theme.ts';

/** Arrows of this length or longer have room for options and window. */
const ROOMY_MIDDLE_CELLS = 46;

/** An arrow takes two strokes and a space before its label; a space, a stroke and its head after it. */
const ARROW_CELLS_AROUND_LABEL = 6;

/** The lines of one segment: what did not fit on the arrow above it, the arrow, then remarks. */
export function segmentLines(row: SegmentRow, layout: Layout): readonly string[] {
  const { tracked, before, after, entered } = row;
  const { theme, middleCells } = layout;
  const room = middleCells - ARROW_CELLS_AROUND_LABEL;
  const fields = fieldsOf(tracked, layout);
  const remarks = remarksOf(tracked);
  const [onArrow, offArrow] = remarks.length === 0 ? [fields, []] : placeRemarks(fields, remarks, room);
  const fits = cells(onArrow.join(' ')) <= room;
  const above = fits ? [] : wrapBeside(onArrow.map(unbroken).join(' '), layout);
  const tone = toneOf(tracked.segment);
  const put = (text: string, paint?: Tone): string => beside(text, tracked.from, layout, paint);
  const [clientState, serverState] = [
    stateLabel(entered.client, theme),
    stateLabel(entered.server, theme),
  ] as const;
  return [
    ...above.map((text) => line(layout, { states: before, middle: put(text, tone) })),
    line(layout, {
      frame: `#${tracked.segment.frame}`,
      atNs: row.atNs,
      clientState: padPainted(clientState, layout.stateCells?.client, theme),
      serverState: paintState(serverState, theme),
      middle: arrow(tracked, fits ? onArrow : [], layout),
      states: after,
    }),
    ...stateLines(row, layout),
    ...offArrow
      .flatMap((remark) => wrapBeside(remark, layout))
      .map((text) => line(layout, { states: after, middle: put(text, 'doubtful') })),
    ...anomalyLines(row, layout),
  ];
}

/** Cells between a lifeline and text beside it. */
const INSET = 1;

/** `text` beside the lifeline of `side`, as wide as the middle. */
export function beside(text: string, side: Side, layout: Layout, tone?: Tone): string {
  const blank = ' '.repeat(Math.max(0, layout.middleCells - INSET - cells(text)));
  const inset = ' '.repeat(INSET);
  const painted = layout.theme.paint(tone, text);
  return side === 'client' ? inset + painted + blank : blank + painted + inset;
}

/** Lines of `text` that fit between the lifelines. */
export function wrapBeside(text: string, layout: Layout): readonly string[] {
  return wrap(text, layout.middleCells - 2 * INSET);
}

function padPainted(label: string, width: number | undefined, theme: Theme): string {
  return padStartCells(paintState(label, theme), width ?? 0);
}

/** In the compact layout: the states entered, below the arrow, each beside its lifeline. */
function stateLines({ entered, after }: SegmentRow, layout: Layout): readonly string[] {
  if (layout.stateCells !== undefined) return [];
  const { theme, middleCells } = layout;
  const client = stateLabel(entered.client, theme);
  const server = stateLabel(entered.server, theme);
  if (client === '' && server === '') return [];
  const put = (text: string): string => line(layout, { states: after, middle: text });
  const free = middleCells - 2 * INSET - cells(client) - cells(server);
  if (free >= 1) {
    const inset = ' '.repeat(INSET);
    const labels = paintState(client, theme) + ' '.repeat(free) + paintState(server, theme);
    return [put(inset + labels + inset)];
  }
  const beneath = (label: string, side: Side): readonly string[] =>
    label === '' ? [] : wrapBeside(label, layout).map((text) => put(beside(text, side, layout, 'strong')));
  return [...beneath(client, 'client'), ...beneath(server, 'server')];
}

function anomalyLines({ tracked, after }: SegmentRow, layout: Layout): readonly string[] {
  return tracked.anomalies.flatMap((anomaly) =>
    wrapBeside(`! ${layout.theme.clean(anomaly)}`, layout).map((text) =>
      line(layout, { states: after, middle: beside(text, tracked.from, layout, 'bad') }),
    ),
  );
}

/** Remarks stand on the arrow when there is room, else below it. */
function placeRemarks(
  fields: readonly string[],
  remarks: readonly string[],
  room: number,
): readonly [onArrow: readonly string[], offArrow: readonly string[]] {
  const together = [...fields, `(${remarks.join(', ')})`];
  return cells(together.join(' ')) <= room ? [together, []] : [fields, remarks.map((each) => `(${each})`)];
}

function remarksOf({ retransmission, delivered, injected }: TrackedSegment): readonly string[] {
  return [
    ...(retransmission ? ['retransmission'] : []),
    ...(injected === true ? ['sent by the network in its name'] : []),
    ...(delivered ? [] : ['not received']),
  ];
}

/** `SYN,ACK`, `seq 0`, `ack 1`, and on long arrows what the options and the window say. */
function fieldsOf(tracked: TrackedSegment, layout: Layout): readonly string[] {
  const { segment, sequence, acknowledgment } = tracked;
  const fields = [flagsText(segment.flags), `seq ${sequence}`];
  if (acknowledgment !== undefined) fields.push(`ack ${acknowledgment}`);
  if (segment.payloadBytes > 0) fields.push(`len ${segment.payloadBytes}`);
  // A RST's window says nothing; on others, 0 stops the sender (RFC 9293 §3.8.6.1).
  if (segment.window === 0 && !hasFlags(segment, Flag.RST)) fields.push('win 0');
  const extras = layout.middleCells >= ROOMY_MIDDLE_CELLS ? extrasOf(tracked) : [];
  const room = layout.middleCells - ARROW_CELLS_AROUND_LABEL;
  return cells([...fields, ...extras].join(' ')) <= room ? [...fields, ...extras] : fields;
}

function extrasOf({ segment, acknowledgment }: TrackedSegment): readonly string[] {
  const { mss, windowScale, sackBlocks } = segment.options;
  const extras: string[] = [];
  if (mss !== undefined) extras.push(`mss ${mss}`);
  if (windowScale !== undefined) extras.push(`ws ${windowScale}`);
  if (sackBlocks !== undefined && acknowledgment !== undefined) {
    const relative = (absolute: number): number =>
      acknowledgment + seqDistance(segment.acknowledgmentNumber, absolute);
    for (const [left, right] of sackBlocks) extras.push(`sack ${relative(left)}-${relative(right)}`);
  }
  return extras;
}

function toneOf(segment: Segment): Tone | undefined {
  if (hasFlags(segment, Flag.RST)) return 'reset';
  if (hasFlags(segment, Flag.FIN)) return 'closing';
  return hasFlags(segment, Flag.SYN) ? 'opening' : undefined;
}

/** As wide as the middle: `── SYN seq 0 ──────▶`, from its sender; broken off when it was not received. */
function arrow(tracked: TrackedSegment, fields: readonly string[], layout: Layout): string {
  const { theme, middleCells } = layout;
  const { glyphs } = theme;
  const stroke = tracked.delivered ? glyphs.line : glyphs.broken;
  const toRight = tracked.from === 'client';
  const head = !tracked.delivered ? glyphs.lost : toRight ? glyphs.headRight : glyphs.headLeft;
  const label = fields.length === 0 ? '' : ` ${fields.join(' ')} `;
  const free = middleCells - 2 - cells(label) - 1;
  // A held segment left its sender and was seen; it ends short of the receiver.
  const short = tracked.delivered ? 0 : Math.min(free - 1, middleCells >> 3);
  const tone = toneOf(tracked.segment);
  const tail = stroke.repeat(Math.max(0, free - short));
  const drawn = toRight ? stroke.repeat(2) + label + tail + head : head + tail + label + stroke.repeat(2);
  const painted = theme.paint(tone, drawn);
  return toRight ? padEndCells(painted, middleCells) : padStartCells(painted, middleCells);
}
