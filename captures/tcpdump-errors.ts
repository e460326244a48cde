import { FinwaitError, type FinwaitErrorCode } from '../harness/errors.ts';
import type { CaptureSettings } from './capture-options.ts';

/** How tcpdump came to its end. */
export interface TcpdumpEnd {
  /** As a shell gives it: 128 + n for signal n. Absent when unknown. */
  readonly exitCode: number | undefined;
  /** All that it said on stderr, or the last of it. */
  readonly stderr: string;
}

type Subject = Pick<CaptureSettings, 'interface' | 'filter'>;

interface Symptom {
  readonly code: FinwaitErrorCode;
  readonly matches: (end: TcpdumpEnd) => boolean;
  readonly message: (subject: Subject) => string;
  readonly hint: (subject: Subject) => string;
}

/** In the order in which they are tried. The texts are tcpdump's and libpcap's in the C locale, 4.9 to 4.99. */
const SYMPTOMS: readonly Symptom[] = [
  {
    code: 'ERR_FINWAIT_TOOL_MISSING',
    matches: ({ exitCode }) => exitCode === 127,
    message: () => 'tcpdump is not on the PATH, nor in /usr/sbin or /sbin',
    hint: () => 'Install it: apt-get install tcpdump (Alpine: apk add tcpdump; Fedora: dnf install tcpdump).',
  },
  {
    code: 'ERR_FINWAIT_CAPTURE_PERMISSION',
    matches: ({ stderr }) => /couldn't change to/i.test(stderr),
    message: () => 'tcpdump, started as root of a user namespace, cannot drop its privileges there',
    hint: () =>
      'As root, make no user namespace: unshare --net …; otherwise keep your own uid in it: ' +
      'unshare --user --map-current-user --keep-caps --net …',
  },
  {
    code: 'ERR_FINWAIT_CAPTURE_PERMISSION',
    matches: ({ exitCode, stderr }) => exitCode === 126 || /permission|not permitted/i.test(stderr),
    message: (subject) => `tcpdump cannot open "${subject.interface}"`,
    hint: () =>
      'Capture inside a private network (openLab() makes one), or grant CAP_NET_RAW to the container ' +
      '(docker run --cap-add NET_RAW), or use sudo.',
  },
  {
    code: 'ERR_FINWAIT_CAPTURE_INTERFACE',
    matches: ({ stderr }) => /no such device|device is not up|not configured/i.test(stderr),
    message: (subject) => `No interface "${subject.interface}" to capture on`,
    hint: (subject) =>
      `List the interfaces: ip -brief link. One that is down: ip link set ${subject.interface} up.`,
  },
  {
    code: 'ERR_FINWAIT_CAPTURE_FILTER',
    matches: ({ stderr }) =>
      /syntax error|parse filter|illegal |unknown |expression|invalid |not supported|filter/i.test(stderr),
    message: (subject) => `tcpdump cannot compile the filter "${subject.filter}"`,
    hint: (subject) => `Try it: tcpdump -i ${subject.interface} -d '${subject.filter}'; see man pcap-filter.`,
  },
];

/** Why tcpdump did not start. */
export function startFailure(end: TcpdumpEnd, subject: Subject): FinwaitError {
  const symptom = SYMPTOMS.find((candidate) => candidate.matches(end));
  if (symptom === undefined) return diedFailure(end, 'before it listened');
  return new FinwaitError(symptom.code, withReason(symptom.message(subject), end.stderr), {
    hint: symptom.hint(subject),
  });
}

/** tcpdump ended `when` nobody had told it to. */
export function diedFailure(end: TcpdumpEnd, when: string): FinwaitError {
  return new FinwaitError(
    'ERR_FINWAIT_CAPTURE_DIED',
    withReason(`tcpdump ended ${when} (${exitText(end)})`, end.stderr),
    {
      hint: 'Start the capture again; if nobody killed tcpdump, look for the out-of-memory killer in dmesg.',
    },
  );
}

function exitText({ exitCode }: TcpdumpEnd): string {
  if (exitCode === undefined) return 'exit status unknown';
  return exitCode > 128 ? `signal ${exitCode - 128}` : `exit status ${exitCode}`;
}

const NOT_A_REASON = /listening on|data link type|dropped privs|^\s*\d+ packets? |^tcpdump: \d+ packets? /;

function withReason(message: string, stderr: string): string {
  const reason = stderr
    .split('\n')
    .filter((line) => line.trim() !== '' && !NOT_A_REASON.test(line))
    .map((line) => line.replace(/^tcpdump: /, '').trim())
    .join(' ');
  return reason === '' ? message : `${message}: ${reason}`;
}
