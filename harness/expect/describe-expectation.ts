import type { Expectation } from './expectation.ts';
import { type ExpectedSegment, type Range, renderMs, renderSegment } from './segments/expected-segments.ts';

/** `client half-closed`: what the expectation says once it is met. */
export function describeExpectation(expectation: Expectation): string {
  switch (expectation.kind) {
    case 'handshake':
      return 'handshake SYN, SYN,ACK, ACK';
    case 'orderly close':
      return `orderly close by the ${expectation.by}${expectation.segments ? ` in ${expectation.segments} segments` : ''}`;
    case 'half-close':
      return `${expectation.by} half-closed${expectation.dataAfter ? ', data came after it' : ''}`;
    case 'reset':
      return describeReset(expectation);
    case 'refused':
      return 'connection refused';
    case 'states':
      return `${expectation.side} ${expectation.states.join(' → ')} in ss`;
    case 'nothing left open':
      return 'nothing left open';
    default:
      return describeOther(expectation);
  }
}

type ByKind<K extends Expectation['kind']> = Extract<Expectation, { readonly kind: K }>;

type Other = Exclude<
  Expectation,
  ByKind<'handshake' | 'orderly close' | 'half-close' | 'reset' | 'refused' | 'states' | 'nothing left open'>
>;

function describeOther(expectation: Other): string {
  switch (expectation.kind) {
    case 'segments':
      return describeSegments(expectation);
    case 'in order':
      return `in this order: ${expectation.segments.map(segmentWords).join('; ')}`;
    case 'nothing after':
      return `nothing${expectation.from ? ` from the ${expectation.from}` : ''} after ${segmentWords(expectation.segment)}`;
    case 'elapsed':
      return `from ${segmentWords(expectation.from)} to ${segmentWords(expectation.to)}: ${describeSpan(expectation.ms)}`;
    case 'retransmitted':
      return `${segmentWords(expectation.segment)} sent again ${describeTimes(expectation.times)}`;
    case 'simultaneous open':
    case 'simultaneous close':
      return expectation.kind;
    case 'unanswered':
      return `SYN unanswered${expectation.tries ? `, sent ${describeTimes(expectation.tries)}` : ''}`;
    case 'abandoned':
      return `abandoned by the ${expectation.by}`;
    case 'data after FIN':
      return `${describeRange(expectation.bytes)} bytes from the ${expectation.by} after the other’s FIN`;
    case 'zero window':
      return `window of the ${expectation.by} closed${describeReopening(expectation)}`;
    case 'probes':
      return describeProbes(expectation);
    case 'connections':
      return `${describeRange(expectation.times)} connections`;
    case 'event':
      return describeEvent(expectation);
    case 'left in':
      return `${expectation.side} left in ${expectation.state}`;
  }
}

/** `client → server  FIN,ACK  len 10`. */
export function segmentWords(segment: ExpectedSegment): string {
  return renderSegment(segment).replace(' > ', ' → ');
}

function describeReset({ by, receiverIn, because }: ByKind<'reset'>): string {
  return [
    `reset by the ${by}`,
    ...(receiverIn === undefined ? [] : [`in the other’s ${receiverIn}`]),
    ...(because === undefined ? [] : [`because of ${because}`]),
  ].join(' ');
}

function describeSegments({ expected: { strict, items } }: ByKind<'segments'>): string {
  const lines = items.reduce((sum, item) => {
    return sum + (item.kind === 'segment' ? 1 : item.kind === 'any order' ? item.segments.length : 0);
  }, 0);
  return `segments as in the text of ${lines} ${lines === 1 ? 'line' : 'lines'}${strict ? ', strictly' : ''}`;
}

function describeReopening({ reopens }: ByKind<'zero window'>): string {
  if (reopens === undefined) return '';
  return reopens ? ', and opened again' : ', and stayed so';
}

function describeProbes({ by, of, times, answered }: ByKind<'probes'>): string {
  const answer = answered === undefined ? '' : answered ? ', the last answered' : ', none answered';
  return `${of} probes of the ${by} ${describeTimes(times)}${answer}`;
}

function describeEvent({ side, name, code, times }: ByKind<'event'>): string {
  const event = `${side} '${name}'${code === undefined ? '' : ` ${code}`}`;
  if (times.max === 0) return `${event} never came`;
  return times.min === 1 && times.max === undefined ? event : `${event} ${describeTimes(times)}`;
}

function describeRange({ min, max }: Range): string {
  if (max === min) return String(min);
  return max === undefined ? `${min} or more` : `${min} to ${max}`;
}

function describeTimes(times: Range): string {
  return times.min === 1 && times.max === 1 ? 'once' : `${describeRange(times)} times`;
}

function describeSpan({ min, max }: Range): string {
  if (max === undefined) return `${renderMs(min)} or more`;
  return min === 0 ? `${renderMs(max)} at most` : `${renderMs(min)} to ${renderMs(max)}`;
}
