import { geneve, vxlan } from './tunnel.ts';
import { captured, cut, type Decoded, enter, other, u8, u16, type View } from './view.ts';

export function decodeUdp(view: View): Decoded {
  if (captured(view) < 8) return cut(view, 'udp', 8);
  const port = u16(view, 2);
  const isVxlan = port === 4789 && captured(view) > 8 && ((u8(view, 8) >> 3) & 1) === 1;
  const inside = port === 6081 ? geneve : isVxlan ? vxlan : undefined;
  const decoded = inside === undefined ? other(view, 8) : enter(inside, view, 8);
  return { udpPayload: [view.at + 8, view.end], ...decoded };
}
