/**
 * Rejects option keys that do not exist, by name, so that a misspelt one is not silently ignored.
 * @throws TypeError
 */
export function rejectUnknownOptions(options: object, known: readonly string[]): void {
  for (const key of Object.keys(options)) {
    if (!known.includes(key)) throw new TypeError(`Unknown option "${key}"; known: ${known.join(', ')}`);
  }
}
