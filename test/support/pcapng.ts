/** Builders of pcapng blocks. */
import { concat } from './segment.ts';

/** Byte order of all blocks that a builder makes. */
export class PcapngBuilder {
  readonly #littleEndian: boolean;

  constructor({ littleEndian = true }: { readonly littleEndian?: boolean } = {}) {
    this.#littleEndian = littleEndian;
  }

  section(): Uint8Array {
    return this.block(
      0x0a0d0d0a,
      concat(this.u32(0x1a2b3c4d), this.u16(1), this.u16(0), new Uint8Array(8).fill(0xff)),
    );
  }

  interface(shape: InterfaceShape = {}): Uint8Array {
    const { linkType = 1, snapLength = 0, resolution, offsetSeconds } = shape;
    const options = [
      this.option(2, Buffer.from('eth0')),
      ...(resolution === undefined ? [] : [this.option(9, Uint8Array.of(resolution))]),
      ...(offsetSeconds === undefined ? [] : [this.option(14, this.i64(offsetSeconds))]),
      this.option(0, new Uint8Array()),
    ];
    return this.block(1, concat(this.u16(linkType), this.u16(0), this.u32(snapLength), ...options));
  }

  enhanced(shape: PacketBlockShape): Uint8Array {
    const {
      interfaceId = 0,
      ticks = 0n,
      bytes,
      originalBytes = bytes.length,
      options = new Uint8Array(),
    } = shape;
    const head = [
      interfaceId,
      Number(ticks >> 32n),
      Number(ticks & 0xffffffffn),
      bytes.length,
      originalBytes,
    ];
    return this.block(6, concat(...head.map((word) => this.u32(word)), padded(bytes), options));
  }

  obsolete(shape: PacketBlockShape): Uint8Array {
    const { interfaceId = 0, ticks = 0n, bytes, originalBytes = bytes.length } = shape;
    const head = [Number(ticks >> 32n), Number(ticks & 0xffffffffn), bytes.length, originalBytes];
    const drops = this.u16(7);
    return this.block(
      2,
      concat(this.u16(interfaceId), drops, ...head.map((word) => this.u32(word)), padded(bytes)),
    );
  }

  simple({ bytes, originalBytes = bytes.length }: PacketBlockShape): Uint8Array {
    return this.block(3, concat(this.u32(originalBytes), padded(bytes)));
  }

  /** Any block: its body is padded. */
  block(type: number, body: Uint8Array): Uint8Array {
    const content = padded(body);
    const length = this.u32(12 + content.length);
    return concat(this.u32(type), length, content, length);
  }

  option(code: number, value: Uint8Array): Uint8Array {
    return concat(this.u16(code), this.u16(value.length), padded(value));
  }

  u16(value: number): Uint8Array {
    const view = new DataView(new ArrayBuffer(2));
    view.setUint16(0, value, this.#littleEndian);
    return new Uint8Array(view.buffer);
  }

  u32(value: number): Uint8Array {
    const view = new DataView(new ArrayBuffer(4));
    view.setUint32(0, value, this.#littleEndian);
    return new Uint8Array(view.buffer);
  }

  i64(value: bigint): Uint8Array {
    const view = new DataView(new ArrayBuffer(8));
    view.setBigInt64(0, value, this.#littleEndian);
    return new Uint8Array(view.buffer);
  }
}

export interface InterfaceShape {
  readonly linkType?: number;
  readonly snapLength?: number;
  /** The octet of if_tsresol. */
  readonly resolution?: number;
  readonly offsetSeconds?: bigint;
}

export interface PacketBlockShape {
  readonly interfaceId?: number;
  readonly ticks?: bigint;
  readonly bytes: Uint8Array;
  readonly originalBytes?: number;
  readonly options?: Uint8Array;
}

function padded(bytes: Uint8Array): Uint8Array {
  return concat(bytes, new Uint8Array((4 - (bytes.length % 4)) % 4));
}
