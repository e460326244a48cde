/**
 * The whole number that an option of the command line says.
 * @throws TypeError for anything else, or for less than `least`
 */
export function countOption(name: string, text: string, least: number): number {
  const count = Number(text);
  if (text.trim() !== '' && Number.isSafeInteger(count) && count >= least) return count;
  throw new TypeError(`--${name} takes a whole number from ${least}, not "${text}"`);
}
