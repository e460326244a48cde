import type { Side } from '../model/connection.ts';
import { Flag, hasFlags } from '../model/segment.ts';
import { type Check, check } from './check.ts';

/**
 * An encrypted alert of TLS 1.2 with AES-GCM, octets: record header 5, explicit nonce 8, level and description 2,
 * tag 16. RFC 5246 §6.2.3.3, §7.2; RFC 5288 §3.
 */
const ALERT_OCTETS = 31;

/** Whether the last octets that a side sent before its FIN, or with it, are a record of an alert's size. */
export function endsByAlert(side: Side, wanted: boolean): Check {
  const title = wanted
    ? `the ${side} sends an alert before its FIN`
    : `the ${side} sends no alert before its FIN`;
  return check(title, ['wire'], ({ connection }) => {
    const sent = connection?.segments.filter(({ from }) => from === side) ?? [];
    const fin = sent.find(({ segment }) => hasFlags(segment, Flag.FIN));
    if (fin === undefined) return { violated: 'no FIN' };
    const last = sent.findLast(({ segment, retransmission }) => segment.payloadBytes > 0 && !retransmission);
    const bytes = last?.segment.payloadBytes ?? 0;
    const found = `${bytes} octets in frame ${last?.segment.frame ?? 'none'}, FIN in frame ${fin.segment.frame}`;
    return (bytes === ALERT_OCTETS) === wanted ? { met: found } : { violated: found };
  });
}
