/**
 * TCP ports that Zeek takes for a server's when it has not seen who opened a connection: the value of
 * `likely_server_ports` once all of its base scripts are loaded. Source: Zeek 8, scripts/base/protocols.
 */
const LIKELY_SERVER_PORTS: ReadonlySet<number> = new Set([
  21, // FTP
  22, // SSH
  25, // SMTP
  53, // DNS
  79, // Finger
  80, // HTTP
  81, // HTTP
  88, // Kerberos
  135, // DCE/RPC
  139, // SMB
  143, // IMAP
  389, // LDAP
  443, // TLS
  445, // SMB
  502, // Modbus
  563, // NNTPS
  585, // IMAPS
  587, // SMTP submission
  614, // SSLshell
  631, // IPP
  636, // LDAPS
  989, // FTPS data
  990, // FTPS
  992, // Telnet over TLS
  993, // IMAPS
  995, // POP3S
  1080, // SOCKS
  1883, // MQTT
  2811, // GridFTP
  3128, // HTTP proxy
  3268, // LDAP global catalogue
  3389, // RDP
  5222, // XMPP
  5223, // XMPP over TLS
  5269, // XMPP between servers
  6379, // Redis
  6666, // IRC
  6667, // IRC
  6668, // IRC
  6669, // IRC
  8000, // HTTP
  8080, // HTTP
  8888, // HTTP
  20000, // DNP3
]);

/** Zeek's guess that a port of a connection joined halfway is the server's. */
export function isLikelyServerPort(port: number): boolean {
  return LIKELY_SERVER_PORTS.has(port);
}
