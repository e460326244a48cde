import { decodeIpv4, decodeIpv6 } from './ip.ts';
import { ethernet, mpls } from './link.ts';
import { decodeTcp } from './tcp.ts';
import { gre } from './tunnel.ts';
import { decodeUdp } from './udp.ts';
import { captured, cut, type Decoded, enter, type Layer, other, u8, type View } from './view.ts';

function ipProtocolLayer(protocol: number): Layer | undefined {
  switch (protocol) {
    case 4:
      return decodeIpv4;
    case 6:
      return decodeTcp;
    case 17:
      return decodeUdp;
    case 41:
      return decodeIpv6;
    case 47:
      return gre;
    case 51:
      return authentication;
    case 97:
      return etherIp;
    case 137:
      return mpls;
    default:
      return undefined;
  }
}

export function enterIpProtocol(protocol: number, view: View, octets = 0): Decoded {
  const layer = ipProtocolLayer(protocol);
  return layer === undefined ? other(view, octets) : enter(layer, view, octets);
}

function authentication(view: View): Decoded {
  if (captured(view) < 8) return cut(view, 'tunnel', 8);
  const headerBytes = (u8(view, 1) + 2) * 4;
  if (captured(view) < headerBytes) return cut(view, 'tunnel', headerBytes);
  return enterIpProtocol(u8(view, 0), view, headerBytes);
}

function etherIp(view: View): Decoded {
  return captured(view) < 2 ? cut(view, 'tunnel', 2) : enter(ethernet, view, 2);
}
