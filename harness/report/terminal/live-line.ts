import { callSiteText } from '../../model/call-site-text.ts';
import { formatEndpoint } from '../../model/endpoint.ts';
import type { LiveEvent } from '../../model/live-event.ts';
import type { CallSite, NodeEvent, NodeEventName } from '../../model/node-event.ts';
import { padEndCells, padStartCells } from './text.ts';
import { themeFor, type TextOptions, type Tone } from './theme.ts';
import { byteCount, relativeMs } from './time.ts';

/** What is told while it happens: openings and endings. Reading and writing would drown them. */
const TOLD: Partial<Record<NodeEventName, readonly [text: string, tone?: Tone]>> = {
  'finwait:socket:connect-start': ['connect()', 'opening'],
  'finwait:socket:connect-failed': ['connect failed', 'reset'],
  'finwait:socket:connect': ["'connect'", 'opening'],
  'finwait:socket:accept': ["'connection'", 'opening'],
  'finwait:socket:end-call': ['end()', 'closing'],
  'finwait:socket:destroy-call': ['destroy()', 'closing'],
  'finwait:socket:reset-call': ['resetAndDestroy()', 'reset'],
  'finwait:socket:remote-end': ["'end'", 'closing'],
  'finwait:socket:error': ['error', 'reset'],
  'finwait:socket:timeout': ["'timeout'"],
  'finwait:socket:close': ["'close'"],
  'finwait:server:listen': ["'listening'"],
  'finwait:server:drop': ["'drop'", 'reset'],
  'finwait:server:close-call': ['server.close()', 'closing'],
  'finwait:server:close': ["server 'close'"],
};

/** Of the connection; wider ones push the rest to the right. */
const ENDS_CELLS = 35;

/**
 * One line for one event, without `\n`; undefined for those that say nothing of how a connection opens or ends.
 * @param originNs monotonic ns that the time is counted from
 */
export function renderLiveLine(
  live: LiveEvent,
  originNs: bigint,
  options: TextOptions = {},
): string | undefined {
  const { event } = live;
  const told = TOLD[event.name];
  // What Node does by itself after what the program did is that doing's tail.
  if (told === undefined || (event.name === 'finwait:socket:destroy-call' && event.by === 'node'))
    return undefined;
  const theme = themeFor(options);
  const time = padStartCells(relativeMs(event.atNs, originNs), 11);
  const [what, tone] = told;
  const words = theme.clean([what, ...detailsOf(event)].join(' '));
  return `${time}  ${event.pid}  ${padEndCells(endsText(live), ENDS_CELLS)}  ${theme.paint(tone, words)}`;
}

function endsText({ event, local, peer }: LiveEvent): string {
  const here = local ?? ('local' in event ? event.local : undefined);
  const there = peer ?? ('peer' in event ? event.peer : undefined);
  const from = here === undefined ? '' : formatEndpoint(here);
  return there === undefined ? from : `${from} > ${formatEndpoint(there)}`.trim();
}

interface Detailed {
  readonly site?: CallSite;
  readonly code?: string;
  readonly by?: string;
  readonly unreadBytes?: number;
  readonly hadError?: boolean;
}

function detailsOf(event: NodeEvent): string[] {
  const { site, code, by, unreadBytes = 0, hadError } = event as Detailed;
  const place = site && callSiteText(site);
  return [
    ...(code === undefined ? [] : [code]),
    ...(place === undefined ? [] : [place]),
    ...(by === 'node' && place === undefined ? ['by Node'] : []),
    ...(unreadBytes > 0 ? [`${byteCount(unreadBytes)} unread`] : []),
    ...(hadError === true ? ['after an error'] : []),
  ];
}
