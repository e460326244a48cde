/**
 * What others call the anomalies of {@link EndpointTracker}. Only names of the same thing stand here: most anomalies
 * have none.
 * Sources: Zeek 8, src/packet_analysis/protocol/tcp/TCPSessionAdapter.cc, "Weird"; Suricata,
 * rules/stream-events.rules.
 */
interface Names {
  readonly zeek?: string;
  readonly suricata?: string;
}

const NAMES: Readonly<Partial<Record<string, Names>>> = {
  'data before established': { zeek: 'data_before_established' },
  'SYN inside the connection': { zeek: 'SYN_inside_connection', suricata: 'est_syn_resend_diff_seq' },
  'ports reused inside the connection': {
    zeek: 'active_connection_reuse',
    suricata: 'est_syn_resend_diff_seq',
  },
  'another SYN before the first was answered': { zeek: 'SYN_seq_jump' },
  'SYN with FIN': { suricata: 'fin_syn' },
  'SYN with RST': { zeek: 'TCP_christmas' },
  'data after its own RST': { zeek: 'data_after_reset', suricata: 'suspected_rst_inject' },
  'FIN after its own RST': { zeek: 'FIN_after_reset', suricata: 'suspected_rst_inject' },
  'SYN after its own RST': { zeek: 'SYN_after_reset', suricata: 'suspected_rst_inject' },
  'segment after its own RST': { suricata: 'suspected_rst_inject' },
  'another FIN behind the first': { zeek: 'FIN_advanced_last_seq' },
  'acknowledgement of octets never sent': { suricata: 'pkt_invalid_ack' },
  'acknowledgement of octets that were seen only later': { suricata: 'pkt_invalid_ack' },
  'acknowledgement of nothing that was sent': { suricata: 'pkt_invalid_ack' },
  'SYN,ACK that does not acknowledge the SYN': {
    zeek: 'bad_SYN_ack',
    suricata: '3whs_synack_with_wrong_ack',
  },
  'RST that does not acknowledge the SYN': { suricata: 'rst_invalid_ack' },
  'send FIN in SYN-SENT': { zeek: 'inappropriate_FIN' },
  'send FIN in LISTEN': { zeek: 'spontaneous_FIN' },
  'send FIN in CLOSED': { zeek: 'spontaneous_FIN' },
  ...Object.fromEntries(
    ['FIN-WAIT-1', 'FIN-WAIT-2', 'CLOSING', 'LAST-ACK', 'TIME-WAIT'].map((state) => [
      `send SYN in ${state}`,
      { zeek: 'SYN_after_close', suricata: 'shutdown_syn_resend' },
    ]),
  ),
};

/** The names that Zeek and Suricata have for an anomaly. */
export function namesOf(what: string): Names {
  return NAMES[what] ?? {};
}
