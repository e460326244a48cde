import { stripVTControlCharacters } from 'node:util';

/**
 * Everything that could move the cursor, reorder or hide text: controls (C0, C1, DEL), format characters
 * (bidi overrides and isolates, zero-width spaces, tags), line and paragraph separators, lone surrogates.
 * ZWNJ and ZWJ stay: scripts and emoji are spelt with them, and a terminal gives them no cell.
 */
const UNPRINTABLE = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

const LINE_BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/gu;

/** `text` from outside (labels, addresses, error codes, reasons) made safe to print on one line. */
export function printable(text: string): string {
  if (isPlain(text)) return text;
  return stripVTControlCharacters(text).replace(LINE_BREAKS, ' ').replace(UNPRINTABLE, '');
}

/** Whether it is printable ASCII, as nearly every text is: a loop, for a pattern takes five times as long for a short one. */
export function isPlain(text: string): boolean {
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}
