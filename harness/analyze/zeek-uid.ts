import { sha1 } from './sha1.ts';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** As many as Zeek's have after the C. */
const LENGTH = 17;

/**
 * A connection's `uid` as Zeek would make one, `CmWOt6VWaNGqXYcH6f`; but where Zeek's is random, the same run and
 * ordinal always give the same.
 * @param run what tells this run's connections from another's: the capture's name and size, say.
 * @param ordinal the connection's, from 1.
 */
export function zeekUid(run: string, ordinal: number): string {
  const digest = sha1(`${run}\0${ordinal}`);
  let uid = 'C';
  for (const octet of digest.subarray(0, LENGTH)) uid += DIGITS.charAt(octet % DIGITS.length);
  return uid;
}
