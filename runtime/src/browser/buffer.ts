/**
 * What the runtime uses of Node's `Buffer`, for pages, which have none: the bundle puts it in Buffer's place, so that what
 * runs in Node knows nothing of it. The compiler checks the client's half against it (`tsconfig.browser.json`).
 */

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const strictDecoder = new TextDecoder('utf-8', { fatal: true });

/** Bytes that can be read and written as numbers and text. Views of them are of the same class. */
export class Bytes extends Uint8Array {
  copy(target: Uint8Array, targetStart = 0, start = 0, end: number = this.length): number {
    const taken = Math.min(end - start, target.length - targetStart);
    target.set(new Uint8Array(this.buffer, this.byteOffset + start, taken), targetStart);
    return taken;
  }

  equals(other: Uint8Array): boolean {
    return this.length === other.length && this.every((byte, at) => byte === other[at]);
  }

  readUInt32BE(at: number): number {
    return this.readInt32BE(at) >>> 0;
  }

  readInt32BE(at: number): number {
    return (this[at]! << 24) | (this[at + 1]! << 16) | (this[at + 2]! << 8) | this[at + 3]!;
  }

  writeUInt32BE(value: number, at: number): number {
    this[at] = value >>> 24;
    this[at + 1] = value >>> 16;
    this[at + 2] = value >>> 8;
    this[at + 3] = value;
    return at + 4;
  }

  utf8Write(text: string, at: number): number {
    return encoder.encodeInto(text, new Uint8Array(this.buffer, this.byteOffset + at, this.length - at))
      .written;
  }

  utf8Slice(start: number, end: number): string {
    return decoder.decode(new Uint8Array(this.buffer, this.byteOffset + start, end - start));
  }

  override subarray(start?: number, end?: number): Bytes {
    return super.subarray(start, end) as Bytes;
  }

  override toString(encoding?: 'hex', start = 0, end: number = this.length): string {
    if (encoding === undefined) return super.toString();
    let text = '';
    for (let at = start; at < end; at++) text += this[at]!.toString(16).padStart(2, '0');
    return text;
  }
}

export type Buffer = Bytes;

export const Buffer = {
  alloc: (length: number): Bytes => new Bytes(length),
  allocUnsafeSlow: (length: number): Bytes => new Bytes(length),
  byteLength: (text: string): number => encoder.encode(text).length,

  /** A view of an `ArrayBuffer`, or a copy of anything else. */
  from(source: ArrayBufferLike | ArrayLike<number>, byteOffset?: number, length?: number): Bytes {
    return 'byteLength' in source && !ArrayBuffer.isView(source)
      ? new Bytes(source as ArrayBuffer, byteOffset, length)
      : new Bytes(source as ArrayLike<number>);
  },

  concat(
    parts: readonly Uint8Array[],
    length: number = parts.reduce((sum, part) => sum + part.length, 0),
  ): Bytes {
    const whole = new Bytes(length);
    let at = 0;
    for (const part of parts) {
      whole.set(part, at);
      at += part.length;
    }
    return whole;
  },
};

/** As `node:buffer` has it. */
export function isUtf8(bytes: Uint8Array): boolean {
  try {
    strictDecoder.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
