export type Method = (...args: never[]) => unknown;

/**
 * Puts `wrap(original)` in the place of a method, inherited or own, as the original was: its name, length and
 * attributes stay.
 */
export function wrapMethod(holder: object, name: string, wrap: (original: Method) => Method): void {
  const descriptor = findDescriptor(holder, name);
  const original: unknown = descriptor?.value;
  if (typeof original !== 'function') return;
  const wrapped = wrap(original as Method);
  for (const own of ['name', 'length']) {
    const value = Object.getOwnPropertyDescriptor(original, own);
    if (value !== undefined) Object.defineProperty(wrapped, own, value);
  }
  Object.defineProperty(holder, name, { ...descriptor, value: wrapped });
}

function findDescriptor(holder: object, name: string): PropertyDescriptor | undefined {
  for (let at: object | null = holder; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(at, name);
    if (descriptor !== undefined) return descriptor;
  }
  return undefined;
}
