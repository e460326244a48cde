import { Layer } from './decoding.ts';

/** Source: IEEE, "EtherType Public Listing"; the tunnels' among them are GRE protocol types. */
const EtherType = {
  IPV4: 0x0800,
  TRANSPARENT_ETHERNET: 0x6558,
  VLAN: 0x8100,
  IPV6: 0x86dd,
  MPLS: 0x8847,
  MPLS_MULTICAST: 0x8848,
  PPP: 0x880b,
  PPPOE_SESSION: 0x8864,
  VLAN_SERVICE: 0x88a8,
  PBB: 0x88e7,
  VLAN_OLD: 0x9100,
} as const;

/** IEEE 802.3: up to here the field is a length, and LLC follows. */
const MAX_LENGTH = 1500;

/** The layer that an EtherType announces; OTHER for those that carry no IP. */
export function etherTypeLayer(etherType: number): number {
  if (etherType === EtherType.IPV4) return Layer.IPV4;
  if (etherType === EtherType.IPV6) return Layer.IPV6;
  if (etherType <= MAX_LENGTH) return Layer.LLC;
  switch (etherType) {
    case EtherType.VLAN:
    case EtherType.VLAN_SERVICE:
    case EtherType.VLAN_OLD:
      return Layer.VLAN;
    case EtherType.MPLS:
    case EtherType.MPLS_MULTICAST:
      return Layer.MPLS;
    case EtherType.PPPOE_SESSION:
      return Layer.PPPOE;
    case EtherType.PBB:
      return Layer.PBB;
    case EtherType.PPP:
      return Layer.PPP;
    case EtherType.TRANSPARENT_ETHERNET:
      return Layer.ETHERNET;
    default:
      return Layer.OTHER;
  }
}
