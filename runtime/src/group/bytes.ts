/** Control messages: fixed layouts, big-endian, every length checked before anything is taken for it. */

/** What `ByteReader` throws on bytes that are no message: to be caught by the layer that reads, and counted. */
export class MalformedBytes extends Error {}

/** Writes one message after the other into a buffer that grows. */
export class ByteWriter {
  private buffer: Buffer;
  private end = 0;

  /** @param capacity as many bytes as are probably needed */
  constructor(capacity = 256) {
    this.buffer = Buffer.allocUnsafe(capacity);
  }

  u8(value: number): this {
    const at = this.reserve(1);
    this.buffer[at] = value;
    return this;
  }

  u16(value: number): this {
    const at = this.reserve(2);
    this.buffer.writeUInt16BE(value, at);
    return this;
  }

  u32(value: number): this {
    const at = this.reserve(4);
    this.buffer.writeUInt32BE(value, at);
    return this;
  }

  /** A member's id, or another whole number below 2^48. */
  u48(value: number): this {
    const at = this.reserve(6);
    this.buffer.writeUIntBE(value, at, 6);
    return this;
  }

  f64(value: number): this {
    const at = this.reserve(8);
    this.buffer.writeDoubleBE(value, at);
    return this;
  }

  bool(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }

  /** With its length before it, so that others may follow. */
  bytes(value: Uint8Array): this {
    this.u32(value.length);
    return this.rest(value);
  }

  /** Up to the end of the message. */
  rest(value: Uint8Array): this {
    const at = this.reserve(value.length);
    this.buffer.set(value, at);
    return this;
  }

  /** Of at most 65,535 bytes of UTF-8. */
  string(value: string): this {
    const length = Buffer.byteLength(value);
    if (length > 0xffff) throw new RangeError(`a text of ${length} bytes is too long; 65535 are allowed`);
    this.u16(length);
    const at = this.reserve(length);
    this.buffer.write(value, at, length, 'utf8');
    return this;
  }

  /** At most 65,535 items. */
  list<T>(items: readonly T[], write: (item: T) => void): this {
    this.u16(items.length);
    for (const item of items) write(item);
    return this;
  }

  /** What was written; the writer is not used afterwards. */
  done(): Buffer {
    return this.buffer.subarray(0, this.end);
  }

  /** Where the next bytes go. To be called before `buffer` is looked at, which may be another afterwards. */
  private reserve(bytes: number): number {
    const at = this.end;
    this.end += bytes;
    if (this.end > this.buffer.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.buffer.length * 2, this.end));
      this.buffer.copy(larger, 0, 0, at);
      this.buffer = larger;
    }
    return at;
  }
}

/** Reads what `ByteWriter` wrote. Every method throws `MalformedBytes` where the bytes end too early. */
export class ByteReader {
  private readonly buffer: Buffer;
  private at = 0;

  constructor(bytes: Uint8Array) {
    this.buffer = Buffer.isBuffer(bytes)
      ? bytes
      : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** How many bytes were not read yet. */
  get left(): number {
    return this.buffer.length - this.at;
  }

  u8(): number {
    return this.buffer[this.take(1)]!;
  }

  u16(): number {
    return this.buffer.readUInt16BE(this.take(2));
  }

  u32(): number {
    return this.buffer.readUInt32BE(this.take(4));
  }

  u48(): number {
    return this.buffer.readUIntBE(this.take(6), 6);
  }

  f64(): number {
    return this.buffer.readDoubleBE(this.take(8));
  }

  bool(): boolean {
    const value = this.u8();
    if (value > 1) throw new MalformedBytes(`${value} is neither true nor false`);
    return value === 1;
  }

  /** A view into the message, not a copy. */
  bytes(): Buffer {
    const length = this.u32();
    const at = this.take(length);
    return this.buffer.subarray(at, at + length);
  }

  /** All that is left; a view. */
  rest(): Buffer {
    const at = this.take(this.left);
    return this.buffer.subarray(at);
  }

  string(): string {
    const length = this.u16();
    const at = this.take(length);
    return this.buffer.toString('utf8', at, at + length);
  }

  /** @param least how many bytes an item takes at the least: a count that cannot be true is refused at once */
  list<T>(least: number, read: () => T): T[] {
    const count = this.u16();
    if (count * least > this.left)
      throw new MalformedBytes(`${count} items do not fit in ${this.left} bytes`);
    const items: T[] = [];
    for (let index = 0; index < count; index++) items.push(read());
    return items;
  }

  /** @throws MalformedBytes when something is left */
  end(): void {
    if (this.left > 0) throw new MalformedBytes(`${this.left} bytes follow the end`);
  }

  private take(bytes: number): number {
    const at = this.at;
    if (bytes > this.left) throw new MalformedBytes(`${bytes} bytes expected, ${this.left} left`);
    this.at += bytes;
    return at;
  }
}
