import { Layer } from './decoding.ts';

/** Source: IANA, "Assigned Internet Protocol Numbers". */
export const IpProtocol = {
  IPV4: 4,
  TCP: 6,
  UDP: 17,
  IPV6: 41,
  GRE: 47,
  AUTHENTICATION: 51,
  ETHER_IP: 97,
  MPLS: 137,
} as const;

/** The layer that an IP protocol number announces; OTHER for those that carry no TCP that can be read. */
export function protocolLayer(protocol: number): number {
  if (protocol === IpProtocol.TCP) return Layer.TCP_HEADER;
  switch (protocol) {
    case IpProtocol.UDP:
      return Layer.UDP_HEADER;
    case IpProtocol.IPV4:
      return Layer.IPV4;
    case IpProtocol.IPV6:
      return Layer.IPV6;
    case IpProtocol.GRE:
      return Layer.GRE;
    case IpProtocol.AUTHENTICATION:
      return Layer.AUTHENTICATION;
    case IpProtocol.ETHER_IP:
      return Layer.ETHER_IP;
    case IpProtocol.MPLS:
      return Layer.MPLS;
    default:
      return Layer.OTHER;
  }
}
