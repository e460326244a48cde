/** What tcpdump says, read: counts and refusals. Texts recorded from tcpdump 4.99.3, libpcap 1.10.3. */
import test from 'ava';
import { parseCaptureStats, parseFinalStats } from '../../captures/capture-stats.ts';
import { startFailure } from '../../captures/tcpdump-errors.ts';

test('reads the counts of SIGUSR1', (t) => {
  const line = 'tcpdump: 1 packet captured, 2 packets received by filter, 3 packets dropped by kernel';
  t.deepEqual(parseCaptureStats(line), { captured: 1, received: 2, dropped: 3 });
  t.deepEqual(parseCaptureStats(`${line}, 4 packets dropped by interface`), {
    captured: 1,
    received: 2,
    dropped: 3,
    droppedByInterface: 4,
  });
});

test('reads the counts at the end, not those of earlier questions', (t) => {
  const stderr = [
    'tcpdump: listening on lo, link-type EN10MB (Ethernet), snapshot length 128 bytes',
    'tcpdump: 1 packet captured, 2 packets received by filter, 0 packets dropped by kernel',
    '10 packets captured',
    '20 packets received by filter',
    '7 packets dropped by kernel',
    '',
  ].join('\n');
  t.deepEqual(parseFinalStats(stderr), { captured: 10, received: 20, dropped: 7 });
});

test('no counts are no numbers', (t) => {
  t.is(parseCaptureStats('tcpdump: listening on lo'), undefined);
  t.is(parseFinalStats('tcpdump: 1 packet captured, 2 packets received by filter, 0 dropped'), undefined);
});

const REFUSALS: readonly {
  readonly stderr: string;
  readonly exitCode?: number;
  readonly code: string;
  readonly hint: RegExp;
}[] = [
  { stderr: '', exitCode: 127, code: 'ERR_FINWAIT_TOOL_MISSING', hint: /apt-get install tcpdump/ },
  {
    stderr:
      "tcpdump: lo: You don't have permission to perform this capture on that device\n(socket: Operation not permitted)\n",
    code: 'ERR_FINWAIT_CAPTURE_PERMISSION',
    hint: /openLab\(\)/,
  },
  {
    stderr: "tcpdump: Couldn't change to 'tcpdump' uid=107 gid=113: Operation not permitted\n",
    code: 'ERR_FINWAIT_CAPTURE_PERMISSION',
    hint: /unshare --user --map-current-user --keep-caps/,
  },
  {
    stderr: 'tcpdump: nope: No such device exists\n(No such device exists)\n',
    code: 'ERR_FINWAIT_CAPTURE_INTERFACE',
    hint: /ip -brief link/,
  },
  {
    stderr: 'tcpdump: lo: That device is not up\n',
    code: 'ERR_FINWAIT_CAPTURE_INTERFACE',
    hint: /ip link set eth7 up/,
  },
  {
    stderr: "tcpdump: can't parse filter expression: syntax error\n",
    code: 'ERR_FINWAIT_CAPTURE_FILTER',
    hint: /tcpdump -i eth7 -d 'tcp porty'/,
  },
  { stderr: "tcpdump: unknown port 'porty'\n", code: 'ERR_FINWAIT_CAPTURE_FILTER', hint: /pcap-filter/ },
  { stderr: 'tcpdump: out of cheese\n', exitCode: 1, code: 'ERR_FINWAIT_CAPTURE_DIED', hint: /dmesg/ },
];

for (const { stderr, exitCode = 1, code, hint } of REFUSALS) {
  test(`${code} with a hint: ${stderr.trim() === '' ? `exit status ${exitCode}` : (stderr.split('\n')[0] ?? '')}`, (t) => {
    const failure = startFailure({ exitCode, stderr }, { interface: 'eth7', filter: 'tcp porty' });
    t.is(failure.code, code as typeof failure.code);
    t.regex(failure.hint ?? '', hint);
    const reason = stderr.split('\n')[0]?.replace('tcpdump: ', '') ?? '';
    t.true(failure.message.includes(reason), failure.message);
  });
}
