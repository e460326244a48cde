/** Link types by their number in the file. Source: https://www.tcpdump.org/linktypes.html */
export const LinkType = {
  NULL: 0,
  ETHERNET: 1,
  PPP: 9,
  /** BSD's DLT_RAW; some files carry it in place of 101. */
  BSD_RAW: 12,
  /** OpenBSD's DLT_RAW, likewise. */
  OPENBSD_RAW: 14,
  PPP_HDLC: 50,
  PPP_ETHER: 51,
  RAW: 101,
  C_HDLC: 104,
  IEEE802_11: 105,
  LOOP: 108,
  LINUX_SLL: 113,
  IEEE802_11_RADIOTAP: 127,
  PPP_PPPD: 166,
  PPP_WITH_DIR: 204,
  IPV4: 228,
  IPV6: 229,
  LINUX_SLL2: 276,
} as const;
