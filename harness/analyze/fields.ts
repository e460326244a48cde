import { formatEndpoint } from '../model/endpoint.ts';
import { TCP_STATES } from '../model/tcp-state.ts';
import type { ConnectionRow } from '../model/connection-row.ts';

export type FieldValue = number | string | boolean | undefined;

/** A column: what `--columns`, `--sort` and `--where` know a fact of a connection by. */
export interface Field {
  readonly name: string;
  /** A shorter name, which is as good and stands above its column in the usual table. */
  readonly label?: string;
  /** One line for docs and `--help`. Units in words. */
  readonly about: string;
  readonly kind: 'number' | 'text' | 'flag';
  readonly unit?: 'ms';
  /** Of a text that is one of few. */
  readonly values?: readonly string[];
  readonly of: (row: ConnectionRow) => FieldValue;
}

const ms = (ns: number | undefined): number | undefined => (ns === undefined ? undefined : ns / 1e6);

const SIDES: readonly string[] = ['client', 'server'];

/** In the order in which the docs list them. */
export const FIELDS: readonly Field[] = [
  number('id', 'number of the connection, in order of first packets', (row) => row.id),
  text('client', 'address:port of the end that sent the first SYN', (row) => formatEndpoint(row.client)),
  text('server', 'address:port of the other end', (row) => formatEndpoint(row.server)),
  text('clientAddress', 'the client’s address', (row) => row.client.address),
  number('clientPort', 'the client’s port', (row) => row.client.port),
  text('serverAddress', 'the server’s address', (row) => row.server.address),
  number('serverPort', 'the server’s port', (row) => row.server.port),
  text('communityId', 'Community ID v1, the key of the flow across tools', (row) => row.communityId),
  number('start', 'first packet, seconds since the epoch', (row) => Number(row.startNs) / 1e9),
  time('duration', 'first packet to last, ms', (row) => ms(row.durationNs)),
  number('packets', 'packets both ways', (row) => row.packets.client + row.packets.server),
  number('clientPackets', 'packets that the client sent', (row) => row.packets.client),
  number('serverPackets', 'packets that the server sent', (row) => row.packets.server),
  number('bytes', 'payload both ways, octets', (row) => row.bytes.client + row.bytes.server),
  number('clientBytes', 'payload that the client sent, octets', (row) => row.bytes.client),
  number('serverBytes', 'payload that the server sent, octets', (row) => row.bytes.server),
  oneOf(
    'opening',
    'handshake, simultaneous, split, refused, unanswered or midstream',
    ['handshake', 'simultaneous', 'split', 'refused', 'unanswered', 'midstream'],
    (row) => row.opening,
  ),
  number('synRetries', 'SYNs sent again', (row) => row.synRetries),
  flag('fastOpen', 'a TCP Fast Open option was there', (row) => row.fastOpen),
  time('handshake', 'SYN to the client’s ACK, ms', (row) => ms(row.handshakeNs)),
  oneOf(
    'ending',
    'closed, reset, refused, half-closed, closing, abandoned, open or unanswered',
    ['closed', 'reset', 'refused', 'half-closed', 'closing', 'abandoned', 'open', 'unanswered'],
    (row) => row.ending,
  ),
  text('ended', 'how and by whom: closed by client, reset by server, …', endedText),
  oneOf('closedBy', 'who sent the first FIN: client or server', SIDES, (row) => row.closedBy),
  oneOf('resetBy', 'who sent the RST that ended it: client or server', SIDES, (row) => row.resetBy),
  flag('reset', 'a RST ended it', (row) => row.ending === 'reset'),
  oneOf('abandonedBy', 'who was not heard of any more: client or server', SIDES, (row) => row.abandonedBy),
  flag('refused', 'the SYN was answered by a RST', (row) => row.ending === 'refused'),
  flag('closed', 'a FIN each way, both acknowledged', (row) => row.ending === 'closed'),
  flag(
    'abandoned',
    'one end sent again and again, the other was silent',
    (row) => row.ending === 'abandoned',
  ),
  flag('open', 'still open, in one direction or both, when the capture ends', isOpen),
  number(
    'unacked',
    'octets both ways that were sent and not acknowledged when the RST came',
    (row) => row.unacknowledgedAtReset.client + row.unacknowledgedAtReset.server,
  ),
  number(
    'clientUnacked',
    'those that the client had sent: the server did not take them',
    (row) => row.unacknowledgedAtReset.client,
  ),
  number(
    'serverUnacked',
    'those that the server had sent: the client did not take them',
    (row) => row.unacknowledgedAtReset.server,
  ),
  number('closeSegments', 'segments that the close took: 3 or 4', (row) => row.closeSegments),
  time('halfClosed', 'first FIN to second, the direction kept open in between, ms', (row) =>
    ms(row.halfClosedNs),
  ),
  number('afterFin', 'octets that came after the first FIN', (row) => row.bytesAfterFirstFin),
  time('finAck', 'first FIN to its ACK, ms', (row) => ms(row.finAckNs)),
  text('timeWait', 'who holds TIME-WAIT, by the table', (row) => row.timeWait.join(',') || undefined),
  oneOf('clientState', 'the client’s state after the last packet', TCP_STATES, (row) => row.states.client),
  oneOf('serverState', 'the server’s state after the last packet', TCP_STATES, (row) => row.states.server),
  text(
    'anomalies',
    'what RFC 9293’s table does not allow, in Zeek’s or Suricata’s name for it where there is one',
    (row) => row.anomalies.map(({ name }) => name).join(', ') || undefined,
  ),
  {
    ...number(
      'retransmissions',
      'segments sent again, both ways',
      (row) => row.retransmissions.client + row.retransmissions.server,
    ),
    label: 'again',
  },
  number('spurious', 'retransmissions of what was acknowledged', (row) => row.spurious),
  number('fast', 'fast retransmissions, after duplicate ACKs', (row) => row.fast),
  number('timeouts', 'retransmissions by time-out', (row) => row.timeouts),
  number('outOfOrder', 'segments out of order', (row) => row.outOfOrder),
  number('duplicateAcks', 'duplicate ACKs', (row) => row.duplicateAcks),
  number('keepAlives', 'keep-alive probes', (row) => row.keepAlives),
  number('zeroWindows', 'segments with a window of zero, after the handshake', (row) => row.zeroWindows),
  time('zeroWindow', 'how long a window was zero, ms', (row) => ms(row.zeroWindowNs)),
  number('windowFull', 'segments that filled the window', (row) => row.windowFull),
  time('rttMin', 'shortest round trip, ms', (row) => ms(row.rttMinNs)),
  time('rtt', 'median round trip, ms', (row) => ms(row.rttMedianNs)),
  time('rttMax', 'longest round trip, ms', (row) => ms(row.rttMaxNs)),
  number('gapBytes', 'capture artefact: octets that crossed and were not captured', (row) => row.gapBytes),
  number(
    'lostBytes',
    'octets that were skipped and neither came later nor were acknowledged',
    (row) => row.lostBytes,
  ),
  number(
    'acksOfUnseen',
    'capture artefact: ACKs of octets that were not captured',
    (row) => row.acksOfUnseen,
  ),
  { ...text('zeekState', 'Zeek’s conn_state', (row) => row.zeekState), label: 'zeek' },
  { ...text('zeekHistory', 'Zeek’s history', (row) => row.zeekHistory), label: 'history' },
  number('completeness', 'Wireshark’s tcp.completeness', (row) => row.completeness),
];

const BY_NAME: ReadonlyMap<string, Field> = new Map(
  FIELDS.flatMap((field) => {
    const { name, label = name } = field;
    return [name, label].map((each) => [each.toLowerCase(), field] as const);
  }),
);

/** A field by its name, capitals or not; undefined when there is none. */
export function findField(name: string): Field | undefined {
  return BY_NAME.get(name.toLowerCase());
}

/** What to say to a name that no field has: the nearest, if one is near, and all. */
export function fieldHint(name: string): string {
  const wanted = name.toLowerCase();
  const near = [...BY_NAME.keys()]
    .map((known) => ({ known, edits: editsBetween(wanted, known) }))
    .filter(({ known, edits }) => edits <= Math.ceil(known.length / 4))
    .sort((a, b) => a.edits - b.edits)[0];
  const guess = near === undefined ? '' : `Did you mean ${BY_NAME.get(near.known)?.name ?? ''}? `;
  return `${guess}Fields: ${FIELDS.map((field) => field.name).join(', ')}.`;
}

/** Characters to insert, remove or replace (Levenshtein). */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [at, character] of Array.from(a).entries()) {
    const next = [at + 1];
    for (let column = 1; column <= b.length; column++) {
      const same = character === b[column - 1] ? 0 : 1;
      next.push(Math.min((row[column - 1] ?? 0) + same, (row[column] ?? 0) + 1, (next[column - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}

function isOpen({ ending }: ConnectionRow): boolean {
  return ending === 'open' || ending === 'half-closed' || ending === 'closing';
}

/** Who did it: of a close whose other half is missing, who closed its direction. */
function endedText({ ending, closedBy, resetBy, abandonedBy }: ConnectionRow): string {
  if (ending === 'reset') return `reset by ${resetBy ?? ''}`;
  if (ending === 'abandoned') return `abandoned by ${abandonedBy ?? ''}`;
  return closedBy === undefined || ending === 'refused' ? ending : `${ending} by ${closedBy}`;
}

function time(name: string, about: string, of: (row: ConnectionRow) => number | undefined): Field {
  return { name, about, kind: 'number', unit: 'ms', of };
}

function number(name: string, about: string, of: (row: ConnectionRow) => number | undefined): Field {
  return { name, about, kind: 'number', of };
}

function text(name: string, about: string, of: (row: ConnectionRow) => string | undefined): Field {
  return { name, about, kind: 'text', of };
}

function oneOf(
  name: string,
  about: string,
  values: readonly string[],
  of: (row: ConnectionRow) => string | undefined,
): Field {
  return { name, about, kind: 'text', values, of };
}

function flag(name: string, about: string, of: (row: ConnectionRow) => boolean): Field {
  return { name, about, kind: 'flag', of };
}
