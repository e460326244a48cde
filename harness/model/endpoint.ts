/** One end of a TCP connection. IPv4-mapped IPv6 addresses are stored as plain IPv4. */
export interface Endpoint {
  /** Textual address without brackets or zone: `127.0.0.1`, `::1`. */
  readonly address: string;
  /** 0–65535. */
  readonly port: number;
}

/** `127.0.0.1:7000` or `[::1]:7000`; also serves as a map key. */
export function formatEndpoint({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

export function sameEndpoint(a: Endpoint, b: Endpoint): boolean {
  return a.port === b.port && a.address === b.address;
}

const V4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;

/** An IPv4-mapped IPv6 address (`::ffff:127.0.0.1`, RFC 4291 §2.5.5.2) made plain; others unchanged. */
export function plainAddress(address: string): string {
  return V4_MAPPED.exec(address)?.[1] ?? address;
}
