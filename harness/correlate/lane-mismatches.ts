import type { Side } from '../model/connection.ts';
import { CALL_NAMES } from '../model/node-event.ts';
import type { LaneMismatch } from '../model/run-connection.ts';
import { Flag, flagsText } from '../model/segment.ts';
import {
  type ComparedLanes,
  givenUp,
  isHeldAt,
  isWhole,
  pausedText,
  received,
  sent,
  siteText,
  UNREAD_NS,
} from './compared-lanes.ts';
import { finMismatch } from './fin-mismatch.ts';
import type { PlacedLife } from './placed-life.ts';
import { bytesText } from './segment-causes.ts';

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
    ...unexplained(side, life, lanes),
    callMismatch(side, life, lanes),
    errorMismatch(side, life, lanes),
  ];
  return found.filter((each) => each !== undefined);
}

function isEstablished({ row }: ComparedLanes): boolean {
  return row.handshakeNs !== undefined || row.opening === 'midstream' || row.opening === 'simultaneous';
}

function resetMismatch(side: Side, life: PlacedLife, lanes: ComparedLanes): LaneMismatch | undefined {
  const rst = received(side, Flag.RST, lanes)?.segment;
  if (rst === undefined || !isEstablished(lanes)) return undefined;
  if (life.isBy(givenUp(life), rst.atNs)) return undefined;
  const close = life.first('finwait:socket:close');
  if (life.first('finwait:socket:error') !== undefined || close?.hadError === true) return undefined;
  const { frame } = rst;
  if (close === undefined) {
    if (!isWhole(life) || !isHeldAt(toldOfResetByNs(life, rst.atNs), side, life, lanes)) return undefined;
    const text = `a RST came and JS was told nothing: its socket counts as open${pausedText(life)}`;
    return { kind: 'reset-unnoticed', side, text, frame };
  }
  const sawEnd = life.first('finwait:socket:remote-end') !== undefined;
  const text = `a RST came and JS saw ${sawEnd ? "'end' and " : ''}a clean 'close', no error${hidingText(life)}`;
  return { kind: 'reset-hidden', side, text, frame };
}

/** When JS was to know of a RST at the latest. */
function toldOfResetByNs(life: PlacedLife, rstNs: bigint): bigint {
  const accept = life.first('finwait:socket:accept');
  // It waited in the accept queue, and JS came to read it only later.
  if (accept !== undefined && life.at(accept.atNs) > rstNs) return life.at(accept.atNs) + UNREAD_NS;
  // A record that a kill cut short lacks its last few ms.
  return rstNs + (life.life.thread.cut ? UNREAD_NS : 0n);
}

/** Node before 24.16 reads the end of the data before it looks for an error (libuv#4997). */
function hidingText({ life: { nodeVersion } }: PlacedLife): string {
  const major = Number(/^v?(\d+)/.exec(nodeVersion)?.[1]);
  return major < 24 ? `; Node ${major} hides a RST that comes with or right after data` : '';
}

function unexplained(side: Side, life: PlacedLife, { ties }: ComparedLanes): LaneMismatch[] {
  if (!isWhole(life)) return [];
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
  if (sent(side, Flag.FIN | Flag.RST, lanes) !== undefined) return undefined;
  if (received(side, Flag.RST, lanes) !== undefined) return undefined;
  const call = givenUp(life) ?? life.first('finwait:socket:end-call');
  if (call === undefined) return undefined;
  const pending = call.pendingBytes > 0 ? `: ${bytesText(call.pendingBytes)} stood before it` : '';
  const text = `${CALL_NAMES[call.name]}${siteText(call.site)}, and neither FIN nor RST of it on the wire${pending}`;
  return { kind: 'call-without-segment', side, text };
}

function errorMismatch(side: Side, life: PlacedLife, lanes: ComparedLanes): LaneMismatch | undefined {
  const error = life.first('finwait:socket:error');
  if (error?.code !== 'ECONNRESET' || !lanes.wireIsWhole) return undefined;
  if (received(side, Flag.RST, lanes) !== undefined) return undefined;
  const instead = received(side, Flag.FIN, lanes) === undefined ? 'no RST came' : 'no RST came: it was a FIN';
  return { kind: 'error-without-segment', side, text: `JS saw ECONNRESET, and ${instead}` };
}

function neverAccepted({ row, joined: { listen, acceptUnknown } }: ComparedLanes): LaneMismatch[] {
  // A record that was cut short or is full may have been silent about the accept.
  if (listen === undefined || row.handshakeNs === undefined || acceptUnknown === true) return [];
  const text = `the kernel completed the handshake and the program never accepted it (listen()${siteText(listen.site)})`;
  return [{ kind: 'never-accepted', side: 'server', text }];
}
