import { communityId } from './community-id.ts';
import type { ConnectionRecord } from '../correlate/connection-record.ts';
import type { Engine } from '../correlate/engine.ts';
import { type End, NEVER_NS } from '../correlate/lifecycle-end.ts';
import type { Side } from '../model/connection.ts';
import type { ConnectionRow, Opening, PerSide, RowEnding } from '../model/connection-row.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { ZeekSummary } from '../correlate/zeek-connection.ts';
import type { TcpState } from '../model/tcp-state.ts';
import { endsOf, flowOf } from './flow-of.ts';
import {
  NO_TROUBLES,
  NONE,
  type RoundTripTimes,
  roundTripsOf,
  type Troubles,
  troublesOf,
} from './row-troubles.ts';

const NO_ANOMALIES: ConnectionRow['anomalies'] = [];
const NEITHER: readonly Side[] = [];
const CLIENT: readonly Side[] = ['client'];
const SERVER: readonly Side[] = ['server'];
const BOTH: readonly Side[] = ['client', 'server'];

/**
 * What a finished record says, read from it when it is asked for: a table shows a dozen fields of forty. One view shows
 * one record after another, and what it gives is no longer right when the record is used again.
 */
export class RowView implements ConnectionRow {
  readonly #engine: Engine;
  readonly #withCommunityId: boolean;
  #record: ConnectionRecord;
  #ends: readonly [Endpoint, Endpoint] | undefined;
  #zeek: ZeekSummary | undefined;
  #troubles: Troubles | undefined;
  #roundTrips: RoundTripTimes | undefined;

  /** @param withCommunityId its hash costs as much as all the rest, and few ask for it */
  constructor(record: ConnectionRecord, engine: Engine, withCommunityId: boolean) {
    this.#record = record;
    this.#engine = engine;
    this.#withCommunityId = withCommunityId;
  }

  show(record: ConnectionRecord): this {
    this.#record = record;
    this.#ends = undefined;
    this.#zeek = undefined;
    this.#troubles = undefined;
    this.#roundTrips = undefined;
    return this;
  }

  get id(): number {
    return this.#record.id;
  }

  get client(): Endpoint {
    return this.#endsInOrder()[this.#record.clientSide];
  }

  get server(): Endpoint {
    return this.#endsInOrder()[this.#record.clientSide === 0 ? 1 : 0];
  }

  get communityId(): string | undefined {
    return this.#withCommunityId ? communityId(flowOf(this.#engine.keyOf(this.#record))) : undefined;
  }

  get startNs(): bigint {
    return BigInt(this.#engine.baseSeconds) * 1_000_000_000n + BigInt(this.#record.firstNs);
  }

  get durationNs(): number {
    return this.#record.lastNs - this.#record.firstNs;
  }

  get packets(): PerSide {
    const { client, server } = this.#record.lifecycle;
    return { client: client.packets, server: server.packets };
  }

  get bytes(): PerSide {
    const { client, server } = this.#record.lifecycle;
    return { client: client.bytes, server: server.bytes };
  }

  get opening(): Opening {
    return this.#record.lifecycle.opening;
  }

  get synRetries(): number {
    return this.#record.lifecycle.synRetries;
  }

  get fastOpen(): boolean {
    return this.#record.lifecycle.fastOpen;
  }

  get handshakeNs(): number | undefined {
    return known(this.#record.lifecycle.handshakeNs);
  }

  get ending(): RowEnding {
    return this.#record.lifecycle.ending;
  }

  get closedBy(): Side | undefined {
    return sideOf(this.#record, this.#record.lifecycle.firstCloser);
  }

  get resetBy(): Side | undefined {
    return this.ending === 'reset' ? sideOf(this.#record, this.#record.lifecycle.firstReset) : undefined;
  }

  get abandonedBy(): Side | undefined {
    return this.ending === 'abandoned' ? sideOf(this.#record, this.#record.lifecycle.abandonedBy) : undefined;
  }

  get unacknowledgedAtReset(): PerSide {
    if (this.ending !== 'reset') return NONE;
    const { clientUnacknowledged, serverUnacknowledged } = this.#record.lifecycle;
    return { client: clientUnacknowledged, server: serverUnacknowledged };
  }

  get closeSegments(): number | undefined {
    return this.#record.lifecycle.closeSegments;
  }

  get halfClosedNs(): number | undefined {
    return this.#record.lifecycle.halfClosedNs;
  }

  get bytesAfterFirstFin(): number {
    return this.#record.lifecycle.bytesAfterFirstFin;
  }

  get finAckNs(): number | undefined {
    return this.#record.lifecycle.finAckNs;
  }

  get timeWait(): readonly Side[] {
    const { clientState, serverState } = this.#record.tracker;
    return timeWaitOf(clientState, serverState);
  }

  get states(): PerSide<TcpState> {
    const { clientState, serverState } = this.#record.tracker;
    return { client: clientState, server: serverState };
  }

  get anomalies(): ConnectionRow['anomalies'] {
    // Where all was predicted nothing is odd, and the tracker need not be made to say so.
    if (this.#record.predicted !== undefined || !this.#record.tracker.hasAnomalies) return NO_ANOMALIES;
    return this.#record.tracker.anomalies;
  }

  get retransmissions(): PerSide {
    return this.#trouble().retransmissions;
  }

  get spurious(): number {
    return this.#trouble().spurious;
  }

  get fast(): number {
    return this.#trouble().fast;
  }

  get timeouts(): number {
    return this.#trouble().timeouts;
  }

  get outOfOrder(): number {
    return this.#trouble().outOfOrder;
  }

  get duplicateAcks(): number {
    return this.#trouble().duplicateAcks;
  }

  get keepAlives(): number {
    return this.#trouble().keepAlives;
  }

  get zeroWindows(): number {
    return this.#trouble().zeroWindows;
  }

  get zeroWindowNs(): number {
    return this.#trouble().zeroWindowNs;
  }

  get windowFull(): number {
    return this.#trouble().windowFull;
  }

  get rttMinNs(): number | undefined {
    return this.#times().rttMinNs;
  }

  get rttMedianNs(): number | undefined {
    return this.#times().rttMedianNs;
  }

  get rttMaxNs(): number | undefined {
    return this.#times().rttMaxNs;
  }

  get gapBytes(): number {
    return this.#trouble().gapBytes;
  }

  get lostBytes(): number {
    return this.#trouble().lostBytes;
  }

  get acksOfUnseen(): number {
    return this.#trouble().acksOfUnseen;
  }

  get zeekState(): string {
    return this.#zeekSummary().connState;
  }

  get zeekHistory(): string {
    return this.#zeekSummary().history;
  }

  get completeness(): number {
    return this.#record.wireshark.completeness;
  }

  #endsInOrder(): readonly [Endpoint, Endpoint] {
    return (this.#ends ??= endsOf(this.#engine.keyOf(this.#record)));
  }

  #zeekSummary(): ZeekSummary {
    return (this.#zeek ??= this.#record.zeek.summary());
  }

  #trouble(): Troubles {
    // Where all was predicted there is none, and nobody need look for it.
    return (this.#troubles ??= this.#record.predicted === undefined ? troublesOf(this.#record) : NO_TROUBLES);
  }

  #times(): RoundTripTimes {
    return (this.#roundTrips ??= roundTripsOf(this.#record));
  }
}

function timeWaitOf(client: TcpState, server: TcpState): readonly Side[] {
  if (client === 'TIME-WAIT') return server === 'TIME-WAIT' ? BOTH : CLIENT;
  return server === 'TIME-WAIT' ? SERVER : NEITHER;
}

function sideOf({ lifecycle }: ConnectionRecord, end: End | undefined): Side | undefined {
  if (end === undefined) return undefined;
  return end === lifecycle.client ? 'client' : 'server';
}

function known(ns: number): number | undefined {
  return ns === NEVER_NS ? undefined : ns;
}
