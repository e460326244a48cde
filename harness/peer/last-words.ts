import type { Readable } from 'node:stream';

const KEPT = 4096;

/**
 * The end of what a process says on stderr, however much it says. Not execa's own buffer: past `maxBuffer` that
 * closes the stream, and the process dies of its next line.
 */
export function keepLastWords(stderr: Readable): () => string {
  let said = '';
  stderr.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-KEPT);
  });
  return () => said.trim();
}
