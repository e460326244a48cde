/**
 * What a TLS server and client of ours agree on: a key that both know, in place of certificates, and TLS 1.2, whose
 * encrypted alerts have a size of their own and so can be told in a capture.
 */
export const TLS_OPTIONS = {
  ciphers: 'PSK-AES128-GCM-SHA256',
  minVersion: 'TLSv1.2',
  maxVersion: 'TLSv1.2',
} as const;

export const PRE_SHARED_KEY: Uint8Array = Buffer.from('this is no secret');
