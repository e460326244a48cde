import { enterEtherType, ethernet } from './link.ts';
import { captured, cut, type Decoded, enter, other, u8, u16, type View } from './view.ts';

export function gre(view: View): Decoded {
  if (captured(view) < 4) return cut(view, 'tunnel', 4);
  const flags = u16(view, 0);
  const bit = (place: number): number => (flags >> place) & 1;
  const version = flags % 8;
  if (version > 1 || bit(14) === 1) return other(view);
  // Checksum, key, sequence number, acknowledgment: four octets each.
  const headerBytes = 4 + 4 * (bit(15) + bit(13) + bit(12) + (version === 1 ? bit(7) : 0));
  if (captured(view) < headerBytes) return cut(view, 'tunnel', headerBytes);
  const protocol = u16(view, 2);
  if (protocol === 0x88be)
    return bit(12) === 1 ? enter(erspan2, view, headerBytes) : enter(ethernet, view, headerBytes);
  if (protocol === 0x22eb) return enter(erspan3, view, headerBytes);
  return enterEtherType(protocol, view, headerBytes);
}

function erspan2(view: View): Decoded {
  return captured(view) < 8 ? cut(view, 'tunnel', 8) : enter(ethernet, view, 8);
}

function erspan3(view: View): Decoded {
  if (captured(view) < 12) return cut(view, 'tunnel', 12);
  const headerBytes = u8(view, 11) % 2 === 1 ? 20 : 12;
  return captured(view) < headerBytes ? cut(view, 'tunnel', headerBytes) : enter(ethernet, view, headerBytes);
}

export function vxlan(view: View): Decoded {
  return captured(view) < 8 ? cut(view, 'tunnel', 8) : enter(ethernet, view, 8);
}

export function geneve(view: View): Decoded {
  if (captured(view) < 8) return cut(view, 'tunnel', 8);
  if (u8(view, 0) >= 0x40) return other(view);
  const headerBytes = 8 + u8(view, 0) * 4;
  if (captured(view) < headerBytes) return cut(view, 'tunnel', headerBytes);
  return enterEtherType(u16(view, 2), view, headerBytes);
}
