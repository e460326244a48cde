import type { ConnectionRow } from '../model/connection-row.ts';
import { otherSide, type Side } from '../model/connection.ts';
import { callSiteText } from '../model/call-site-text.ts';
import type { CallSite } from '../model/node-event.ts';
import type { LaneMismatch, SegmentTie } from '../model/run-connection.ts';
import { Flag, flagsText, hasFlags } from '../model/segment.ts';
import type { ListenLife } from '../model/socket-life.ts';
import type { ClosingCall, PlacedLife } from './placed-life.ts';
import { bytesText } from './segment-causes.ts';

/** One connection as far as its lanes can be compared. */
export interface ComparedLanes {
  readonly row: ConnectionRow;
  readonly ties: readonly SegmentTie[];
  readonly lives: Partial<Readonly<Record<Side, PlacedLife>>>;
  readonly listen: ListenLife | undefined;
  /** No packet is known to be missing from the capture. */
  readonly wireIsWhole: boolean;
}

/** A FIN and a reader that is busy cross for a moment; this is longer, and worth a word. */
const UNREAD_NS = 100_000_000n;

/** Where the lanes do not agree: that is where the bug is. What is missing from a lane is no mismatch. */
export function laneMismatches(lanes: ComparedLanes): LaneMismatch[] {
  const { client, server } = lanes.lives;
  return [
    ...(client === undefined ? [] : mismatchesOf('client', client, lanes)),
    ...(server === undefined ? neverAccepted(lanes) : mismatchesOf('server', server, lanes)),
  ];
}

function mismatchesOf(side: Side, life: PlacedLife, lanes: ComparedLanes): LaneMismatch[] {
  const found = [
    resetMismatch(side, life, lanes),
    finMismatch(side, life, lanes),
    ...unexplained(side, lanes),
    callMismatch(side, life, lanes),
    errorMismatch(side, life, lanes),
  ];
  return found.filter((each) => each !== undefined);
}

function received(side: Side, flag: number, { ties }: ComparedLanes): SegmentTie | undefined {
  return ties.find(({ segment }) => segment.from !== side && hasFlags(segment, flag));
}

function sent(side: Side, mask: number, { ties }: ComparedLanes): boolean {
  return ties.some(({ segment }) => segment.from === side && (segment.flags & mask) !== 0);
}

function isEstablished({ row }: ComparedLanes): boolean {
  return row.handshakeNs !== undefined || row.opening === 'midstream' || row.opening === 'simultaneous';
}

/** The call after which JS wants to hear nothing more. */
function givenUp(life: PlacedLife): ClosingCall | undefined {
  return life.first('finwait:socket:destroy-call') ?? life.first('finwait:socket:reset-call');
}

function resetMismatch(side: Side, life: PlacedLife, lanes: ComparedLanes): LaneMismatch | undefined {
  const rst = received(side, Flag.RST, lanes)?.segment;
  if (rst === undefined || !isEstablished(lanes)) return undefined;
  if (life.isBy(givenUp(life), rst.atNs) || life.goneBy(rst.atNs) !== undefined) return undefined;
  const close = life.first('finwait:socket:close');
  if (life.first('finwait:socket:error') !== undefined || close?.hadError === true) return undefined;
  const { frame } = rst;
  if (close === undefined) {
    const text = `a RST came and JS was told nothing: its socket counts as open${pausedText(life)}`;
    return { kind: 'reset-unnoticed', side, text, frame };
  }
  const sawEnd = life.first('finwait:socket:remote-end') !== undefined;
  const text = `a RST came and JS saw ${sawEnd ? "'end' and " : ''}a clean 'close', no error${hidingText(life)}`;
  return { kind: 'reset-hidden', side, text, frame };
}

/** Node before 24.16 reads the end of the data before it looks for an error (libuv#4997). */
function hidingText({ life: { nodeVersion } }: PlacedLife): string {
  const major = Number(/^v?(\d+)/.exec(nodeVersion)?.[1]);
  return major < 24 ? `; Node ${major} hides a RST that comes with or right after data` : '';
}

function isPaused(life: PlacedLife): boolean {
  const pause = life.last('finwait:socket:pause');
  const resume = life.last('finwait:socket:resume');
  return pause !== undefined && (resume === undefined || resume.atNs < pause.atNs);
}

function pausedText(life: PlacedLife): string {
  return isPaused(life) ? `; it is paused${siteText(life.last('finwait:socket:pause')?.site)}` : '';
}

function finMismatch(side: Side, life: PlacedLife, lanes: ComparedLanes): LaneMismatch | undefined {
  const fin = received(side, Flag.FIN, lanes)?.segment;
  if (fin === undefined || life.first('finwait:socket:remote-end') !== undefined) return undefined;
  if (life.life.socket === 0 || received(side, Flag.RST, lanes) !== undefined) return undefined;
  if (life.first('finwait:socket:error') !== undefined) return undefined;
  const call = givenUp(life);
  // Whoever reads is given a moment to come to it.
  const readByNs = fin.atNs + (isPaused(life) ? 0n : UNREAD_NS);
  if (life.isBy(call, readByNs) || life.goneBy(readByNs) !== undefined) return undefined;
  const waited = call === undefined ? undefined : Number((life.at(call.atNs) - fin.atNs) / 1_000_000n);
  const until =
    waited === undefined
      ? 'its side stays half-open (CLOSE-WAIT) to the end'
      : `its side stayed half-open (CLOSE-WAIT) for ${waited} ms`;
  const unread = call !== undefined && call.unreadBytes > 0 ? `, ${bytesText(call.unreadBytes)} unread` : '';
  const text = `a FIN came and the program never saw 'end'${pausedText(life)}${unread}: ${until}`;
  return { kind: 'fin-unnoticed', side, text, frame: fin.frame };
}

function unexplained(side: Side, { ties }: ComparedLanes): LaneMismatch[] {
  return ties
    .filter(({ segment, cause }) => segment.from === side && cause === undefined)
    .map(({ segment: { flags, frame } }) => ({
      kind: 'unexplained',
      side,
      text: `the ${side} sent ${flagsText(flags)} and no call in JS explains it`,
      frame,
    }));
}

function callMismatch(side: Side, life: PlacedLife, lanes: ComparedLanes): LaneMismatch | undefined {
  if (!lanes.wireIsWhole || !isEstablished(lanes)) return undefined;
  if (sent(side, Flag.FIN | Flag.RST, lanes) || sent(otherSide(side), Flag.RST, lanes)) return undefined;
  const call = givenUp(life) ?? life.first('finwait:socket:end-call');
  if (call === undefined) return undefined;
  const name = { 'end-call': 'end()', 'destroy-call': 'destroy()', 'reset-call': 'resetAndDestroy()' }[
    call.name.slice('finwait:socket:'.length) as 'end-call' | 'destroy-call' | 'reset-call'
  ];
  const pending = call.pendingBytes > 0 ? `: ${bytesText(call.pendingBytes)} stood before it` : '';
  const text = `${name}${siteText(call.site)}, and neither FIN nor RST of it on the wire${pending}`;
  return { kind: 'call-without-segment', side, text };
}

function errorMismatch(side: Side, life: PlacedLife, lanes: ComparedLanes): LaneMismatch | undefined {
  const error = life.first('finwait:socket:error');
  if (error?.code !== 'ECONNRESET' || !lanes.wireIsWhole) return undefined;
  if (received(side, Flag.RST, lanes) !== undefined) return undefined;
  const instead = received(side, Flag.FIN, lanes) === undefined ? 'no RST came' : 'no RST came: it was a FIN';
  return { kind: 'error-without-segment', side, text: `JS saw ECONNRESET, and ${instead}` };
}

function neverAccepted({ row, listen }: ComparedLanes): LaneMismatch[] {
  if (listen === undefined || row.handshakeNs === undefined) return [];
  // A program that was killed may have accepted it in the last few ms, of which its record is silent.
  if (listen.thread.cut) return [];
  const text = `the kernel completed the handshake and the program never accepted it (listen()${siteText(listen.site)})`;
  return [{ kind: 'never-accepted', side: 'server', text }];
}

function siteText(site: CallSite | undefined): string {
  const text = site && callSiteText(site);
  return text === undefined ? '' : ` at ${text}`;
}
