/** What stopped the decoding of a frame: data, never an exception. */
export interface DecodeIssue {
  /** `link` is all that comes before IP, `tunnel` what stands between two IP headers. */
  readonly layer: IssueLayer;
  /** Offset into the frame of the first byte that could not be used. */
  readonly offset: number;
  /** `data offset 3 words is below 5`. */
  readonly problem: string;
}

export const ISSUE_LAYERS = ['link', 'ipv4', 'ipv6', 'tunnel', 'tcp', 'tcp-options', 'udp'] as const;

export type IssueLayer = (typeof ISSUE_LAYERS)[number];

/** What can be wrong, by number; each tells up to two figures. */
export const Problem = {
  NONE: 0,
  CUT: 1,
  LINK_TYPE: 2,
  IP_VERSION: 3,
  IP_HEADER_LENGTH: 4,
  IP_TOTAL_LENGTH: 5,
  IP_EXTENSIONS: 6,
  TOO_DEEP: 7,
  AGGREGATED: 8,
  DATA_OFFSET: 9,
  BEYOND_PACKET: 10,
  OPTIONS_CUT: 11,
  OPTION_CUT: 12,
  OPTION_WITHOUT_LENGTH: 13,
  OPTION_LENGTH: 14,
  OPTION_BEYOND_HEADER: 15,
  RADIOTAP_LENGTH: 16,
} as const;

export type Problem = (typeof Problem)[keyof typeof Problem];

const TEXTS: Readonly<Record<Problem, (a: number, b: number) => string>> = {
  [Problem.NONE]: () => '',
  [Problem.CUT]: (got, needed) => `${Math.max(got, 0)} of ${needed} header bytes captured`,
  [Problem.LINK_TYPE]: (linkType) => `link type ${linkType} is not decoded`,
  [Problem.IP_VERSION]: (version) => `version ${version}`,
  [Problem.IP_HEADER_LENGTH]: (words) => `header length ${words} words is below 5`,
  [Problem.IP_TOTAL_LENGTH]: (total, header) => `total length ${total} is below the header's ${header}`,
  [Problem.IP_EXTENSIONS]: (past) => `extension headers end ${past} bytes past the payload length`,
  [Problem.TOO_DEEP]: (most) => `more than ${most} layers`,
  [Problem.AGGREGATED]: () => 'an aggregated 802.11 frame (A-MSDU) is not decoded',
  [Problem.DATA_OFFSET]: (words) => `data offset ${words} words is below 5`,
  [Problem.BEYOND_PACKET]: (header, packet) => `header of ${header} bytes exceeds the packet's ${packet}`,
  [Problem.OPTIONS_CUT]: (got, needed) => `${got} of ${needed} option bytes captured`,
  [Problem.OPTION_CUT]: (kind) => `option ${kind} is not wholly captured`,
  [Problem.OPTION_WITHOUT_LENGTH]: (kind) => `option ${kind} has no length`,
  [Problem.OPTION_LENGTH]: (kind, length) => `option ${kind} says length ${length}`,
  [Problem.OPTION_BEYOND_HEADER]: (kind, length) => `option ${kind} of ${length} bytes runs past the header`,
  [Problem.RADIOTAP_LENGTH]: (length) => `radiotap length ${length} is below 8`,
};

export function problemText(problem: Problem, a: number, b: number): string {
  return TEXTS[problem](a, b);
}

/** `tcp at byte 34: 8 of 20 header bytes captured`. */
export function formatDecodeIssue({ layer, offset, problem }: DecodeIssue): string {
  return `${layer} at byte ${offset}: ${problem}`;
}
