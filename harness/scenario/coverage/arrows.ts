import type { Arrow, UnreachableArrow } from '../../model/coverage.ts';
import type { TcpState } from '../../model/tcp-state.ts';

/** States in which both ends know of each other (RFC 9293 §3.10.7.4), but SYN-RECEIVED, which goes its own ways. */
const SYNCHRONIZED: readonly TcpState[] = [
  'ESTABLISHED',
  'FIN-WAIT-1',
  'FIN-WAIT-2',
  'CLOSE-WAIT',
  'CLOSING',
  'LAST-ACK',
  'TIME-WAIT',
];

/** RFC 9293 §3.3.2 Figure 5, and what §3.10 adds to it: every arrow that a program can bring about. */
export const ARROWS: readonly Arrow[] = [
  { from: 'CLOSED', event: 'passive open', to: 'LISTEN', words: 'passive OPEN', section: '§3.10.1' },
  { from: 'CLOSED', event: 'send SYN', to: 'SYN-SENT', words: 'active OPEN, snd SYN', section: '§3.10.1' },
  {
    from: 'LISTEN',
    event: 'recv SYN',
    to: 'SYN-RECEIVED',
    words: 'rcv SYN, snd SYN,ACK',
    section: '§3.10.7.2',
  },
  { from: 'LISTEN', event: 'close', to: 'CLOSED', words: 'CLOSE', section: '§3.10.4' },
  {
    from: 'SYN-SENT',
    event: 'recv SYN,ACK',
    to: 'ESTABLISHED',
    words: 'rcv SYN,ACK, snd ACK',
    section: '§3.10.7.3',
  },
  {
    from: 'SYN-SENT',
    event: 'recv SYN',
    to: 'SYN-RECEIVED',
    words: 'rcv SYN, snd SYN,ACK',
    section: '§3.10.7.3',
  },
  { from: 'SYN-SENT', event: 'recv RST', to: 'CLOSED', words: 'rcv RST of the SYN', section: '§3.10.7.3' },
  { from: 'SYN-SENT', event: 'close', to: 'CLOSED', words: 'CLOSE', section: '§3.10.4' },
  {
    from: 'SYN-RECEIVED',
    event: 'recv ACK of SYN',
    to: 'ESTABLISHED',
    words: 'rcv ACK of SYN',
    section: '§3.10.7.4',
  },
  { from: 'SYN-RECEIVED', event: 'send FIN', to: 'FIN-WAIT-1', words: 'CLOSE, snd FIN', section: '§3.10.4' },
  {
    from: 'SYN-RECEIVED',
    event: 'recv RST',
    to: 'LISTEN',
    words: 'rcv RST, opened passively',
    section: '§3.10.7.4',
    opened: 'passively',
  },
  {
    from: 'SYN-RECEIVED',
    event: 'recv RST',
    to: 'CLOSED',
    words: 'rcv RST, opened actively',
    section: '§3.10.7.4',
    opened: 'actively',
  },
  { from: 'ESTABLISHED', event: 'send FIN', to: 'FIN-WAIT-1', words: 'CLOSE, snd FIN', section: '§3.10.4' },
  {
    from: 'ESTABLISHED',
    event: 'recv FIN',
    to: 'CLOSE-WAIT',
    words: 'rcv FIN, snd ACK',
    section: '§3.10.7.4',
  },
  {
    from: 'FIN-WAIT-1',
    event: 'recv ACK of FIN',
    to: 'FIN-WAIT-2',
    words: 'rcv ACK of FIN',
    section: '§3.10.7.4',
  },
  { from: 'FIN-WAIT-1', event: 'recv FIN', to: 'CLOSING', words: 'rcv FIN, snd ACK', section: '§3.10.7.4' },
  {
    from: 'FIN-WAIT-1',
    event: 'recv FIN+ACK of FIN',
    to: 'TIME-WAIT',
    words: 'rcv FIN and ACK of FIN, snd ACK',
    section: '§3.10.7.4',
  },
  { from: 'FIN-WAIT-2', event: 'recv FIN', to: 'TIME-WAIT', words: 'rcv FIN, snd ACK', section: '§3.10.7.4' },
  {
    from: 'CLOSING',
    event: 'recv ACK of FIN',
    to: 'TIME-WAIT',
    words: 'rcv ACK of FIN',
    section: '§3.10.7.4',
  },
  { from: 'CLOSE-WAIT', event: 'send FIN', to: 'LAST-ACK', words: 'CLOSE, snd FIN', section: '§3.10.4' },
  { from: 'LAST-ACK', event: 'recv ACK of FIN', to: 'CLOSED', words: 'rcv ACK of FIN', section: '§3.10.7.4' },
  { from: 'TIME-WAIT', event: '2MSL', to: 'CLOSED', words: 'timeout of 2MSL', section: '§3.10.8' },
  {
    from: 'TIME-WAIT',
    event: 'retransmitted FIN',
    to: 'TIME-WAIT',
    words: 'rcv FIN again, snd ACK, restart timer',
    section: '§3.10.7.4',
  },
  ...SYNCHRONIZED.map((from): Arrow => {
    return { from, event: 'recv RST', to: 'CLOSED', words: 'rcv RST', section: '§3.10.7.4' };
  }),
  // In TIME-WAIT it is the FIN that comes again.
  ...SYNCHRONIZED.filter((from) => from !== 'TIME-WAIT').map((from): Arrow => {
    return {
      from,
      event: 'unacceptable segment',
      to: from,
      words: 'rcv unacceptable segment, snd ACK',
      section: '§3.10.7.4',
    };
  }),
];

/** What Figure 5 has besides. */
export const UNREACHABLE: readonly UnreachableArrow[] = [
  {
    from: 'LISTEN',
    event: 'send',
    to: 'SYN-SENT',
    words: 'SEND, snd SYN',
    section: '§3.10.2',
    reason: 'no socket of Linux sends from LISTEN: connect(2) fails with EISCONN, send(2) with EPIPE',
  },
];
