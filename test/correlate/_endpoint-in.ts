import { EndpointTracker } from '../../harness/correlate/endpoint-tracker.ts';
import type { TcpState } from '../../harness/model/tcp-state.ts';
import { CLIENT, script, type ScriptOptions } from '../support/segment-script.ts';
import { sameEndpoint } from '../../harness/model/endpoint.ts';

const ESTABLISHED = ['we SYN', 'peer SYN,ACK', 'we ACK'];
const FIN_WAIT_1 = [...ESTABLISHED, 'we FIN,ACK'];
const FIN_WAIT_2 = [...FIN_WAIT_1, 'peer ACK'];
const CLOSE_WAIT = [...ESTABLISHED, 'peer FIN,ACK', 'we ACK'];

/** What leads an endpoint into each state. Our SYN has number 0, so our FIN has 1 and its acknowledgement is 2. */
const WAYS: Readonly<Record<TcpState, readonly string[]>> = {
  CLOSED: [],
  LISTEN: [],
  'SYN-SENT': ['we SYN'],
  'SYN-RECEIVED': ['peer SYN', 'we SYN,ACK'],
  ESTABLISHED,
  'FIN-WAIT-1': FIN_WAIT_1,
  'FIN-WAIT-2': FIN_WAIT_2,
  'CLOSE-WAIT': CLOSE_WAIT,
  CLOSING: [...FIN_WAIT_1, 'peer FIN,ACK ack 1', 'we ACK'],
  'LAST-ACK': [...CLOSE_WAIT, 'we FIN,ACK'],
  'TIME-WAIT': [...FIN_WAIT_2, 'peer FIN,ACK', 'we ACK'],
};

/** What became of an endpoint. */
export interface Followed {
  readonly state: TcpState;
  /** What the lines behind the way brought up. */
  readonly anomalies: readonly string[];
  /** Whether the last of our segments was one. */
  readonly retransmission: boolean;
}

/** Follows one endpoint, ours, from `start` through `lines`. */
export function follow(
  start: TcpState,
  lines: readonly string[],
  initial?: ScriptOptions['initial'],
): Followed & { readonly allAnomalies: readonly (readonly string[])[] } {
  const tracker = new EndpointTracker(start);
  const allAnomalies: (readonly string[])[] = [];
  let retransmission = false;
  for (const segment of script(lines, initial === undefined ? {} : { initial })) {
    if (sameEndpoint(segment.source, CLIENT)) {
      const sent = tracker.trackSent(segment);
      allAnomalies.push(sent.anomalies);
      ({ retransmission } = sent);
    } else allAnomalies.push(tracker.trackReceived(segment));
  }
  return { state: tracker.state, anomalies: allAnomalies.flat(), allAnomalies, retransmission };
}

/** An endpoint that was led into `state` and met `lines` there. */
export function endpointIn(
  state: TcpState,
  lines: readonly string[] = [],
  initial?: ScriptOptions['initial'],
): Followed {
  const way = WAYS[state];
  const start = state === 'LISTEN' || state === 'SYN-RECEIVED' ? 'LISTEN' : 'CLOSED';
  const followed = follow(start, [...way, ...lines], initial);
  return { ...followed, anomalies: followed.allAnomalies.slice(way.length).flat() };
}
