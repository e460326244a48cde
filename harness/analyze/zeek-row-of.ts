import { communityId } from './community-id.ts';
import type { ConnectionRecord } from '../correlate/connection-record.ts';
import type { Engine } from '../correlate/engine.ts';
import { zeekUid } from './zeek-uid.ts';
import type { ZeekLogRow } from '../model/zeek-log-row.ts';
import { endsOf, flowOf } from './flow-of.ts';

const NS_PER_SECOND = 1e9;

/**
 * What a finished record says in Zeek's words. Who is the originator is Zeek's own decision.
 * @param run names the run, so that connections of different runs have different uids
 */
export function zeekRowOf(record: ConnectionRecord, engine: Engine, run: string): ZeekLogRow {
  const summary = record.zeek.summary();
  const key = engine.keyOf(record);
  const [first, second] = endsOf(key);
  const [orig, resp] = summary.originatorSide === 0 ? [first, second] : [second, first];
  const { connState, history, duration, origBytes, respBytes, missedBytes } = summary;
  const { origPkts, origIpBytes, respPkts, respIpBytes } = summary;
  const seconds = Math.floor(record.firstNs / NS_PER_SECOND);
  return {
    startSeconds: engine.baseSeconds + seconds,
    startNanoseconds: record.firstNs - seconds * NS_PER_SECOND,
    uid: zeekUid(run, record.id),
    origHost: orig.address,
    origPort: orig.port,
    respHost: resp.address,
    respPort: resp.port,
    duration,
    origBytes,
    respBytes,
    connState,
    missedBytes,
    history,
    origPkts,
    origIpBytes,
    respPkts,
    respIpBytes,
    communityId: communityId(flowOf(key)),
  };
}
