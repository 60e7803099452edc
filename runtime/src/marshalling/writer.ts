import { MarshalError } from './errors.js';
import { chunkSize, maxDepth } from './limits.js';
import { writeUtf8 } from './text.js';
import { writeUuid } from './uuid.js';

/** Strings up to this length are written by a loop, which is faster than a call into Buffer while they are ASCII. */
const loopedText = 20;

/**
 * Writes messages one after the other into chunks of memory: an arena. The bytes of a finished message are never
 * written again, so that sockets and the reply history can hold them without a copy.
 *
 * The methods named after types write MessagePack in its smallest form and throw a `MarshalError` when the value does
 * not fit the type; those that begin with `raw` write plain big-endian bytes for frame headers.
 */
export class Writer {
  /** The chunk that is written to now. */
  buffer: Buffer = Buffer.allocUnsafeSlow(chunkSize);
  /** The same chunk, for numbers. */
  view: DataView = new DataView(this.buffer.buffer);
  /** Where the next byte goes. */
  position = 0;
  /** Where the unfinished message begins. */
  start = 0;
  private depth = 0;

  /** How many bytes of the unfinished message are written. */
  get length(): number {
    return this.position - this.start;
  }

  /** Begins a message and returns where; a later move to another chunk changes `start`. */
  begin(): number {
    this.depth = 0;
    this.start = this.position;
    return this.start;
  }

  /** Finishes the message and returns its bytes. */
  end(): Buffer {
    const message = this.buffer.subarray(this.start, this.position);
    this.start = this.position;
    return message;
  }

  /** Forgets the unfinished message. */
  abandon(): void {
    this.position = this.start;
  }

  /** Takes back what was written since `offset` from the message's start, and returns a copy of it. */
  takeBack(offset: number): Buffer {
    const taken = Buffer.from(this.buffer.subarray(this.start + offset, this.position));
    this.position = this.start + offset;
    return taken;
  }

  /** Makes room for `bytes` more, if need be by moving the unfinished message into a new chunk. */
  ensure(bytes: number): void {
    if (this.position + bytes > this.buffer.length) this.move(bytes);
  }

  private move(bytes: number): void {
    const written = this.position - this.start;
    const needed = written + bytes;
    const chunk = Buffer.allocUnsafeSlow(Math.max(needed * 2, chunkSize));
    this.buffer.copy(chunk, 0, this.start, this.position);
    this.buffer = chunk;
    this.view = new DataView(chunk.buffer);
    this.start = 0;
    this.position = written;
  }

  /** The low eight bits of a number. */
  rawU8(value: number): void {
    this.ensure(1);
    this.buffer[this.position++] = value;
  }

  /** The low 16 bits of a number. */
  rawU16(value: number): void {
    this.ensure(2);
    this.view.setUint16(this.position, value);
    this.position += 2;
  }

  /** The low 32 bits of a number. */
  rawU32(value: number): void {
    this.ensure(4);
    this.view.setUint32(this.position, value);
    this.position += 4;
  }

  /** An integer up to 2^53 in eight bytes. */
  rawU64(value: number): void {
    this.ensure(8);
    this.view.setUint32(this.position, Math.floor(value / 0x1_0000_0000));
    this.view.setUint32(this.position + 4, value >>> 0);
    this.position += 8;
  }

  /** Bytes as they are, copied, without a length before them. */
  rawBytes(bytes: Uint8Array): void {
    this.ensure(bytes.length);
    this.buffer.set(bytes, this.position);
    this.position += bytes.length;
  }

  /** Overwrites four bytes of the unfinished message, `offset` from its start. */
  patchU32(offset: number, value: number): void {
    this.view.setUint32(this.start + offset, value);
  }

  /** The same for two bytes. */
  patchU16(offset: number, value: number): void {
    this.view.setUint16(this.start + offset, value);
  }

  /** The same for one byte. */
  patchU8(offset: number, value: number): void {
    this.buffer[this.start + offset] = value;
  }

  /** What stands for `null`, and for an absent field in the array form of a struct. */
  nil(): void {
    this.rawU8(0xc0);
  }

  /** True or false; nothing else is converted to them. */
  bool(value: boolean): void {
    if (value !== true && value !== false) throw misfit(value, 'bool');
    this.rawU8(value ? 0xc3 : 0xc2);
  }

  /** An integer from -2^7 to 2^7 - 1. */
  i8(value: number): void {
    if ((value << 24) >> 24 !== value) throw misfit(value, 'i8');
    this.signed(value);
  }

  /** An integer from -2^15 to 2^15 - 1. */
  i16(value: number): void {
    if ((value << 16) >> 16 !== value) throw misfit(value, 'i16');
    this.signed(value);
  }

  /** An integer from -2^31 to 2^31 - 1. */
  i32(value: number): void {
    if ((value | 0) !== value) throw misfit(value, 'i32');
    this.signed(value);
  }

  /** An integer from 0 to 2^8 - 1. */
  u8(value: number): void {
    if ((value & 0xff) !== value) throw misfit(value, 'u8');
    this.unsigned(value);
  }

  /** An integer from 0 to 2^16 - 1. */
  u16(value: number): void {
    if ((value & 0xffff) !== value) throw misfit(value, 'u16');
    this.unsigned(value);
  }

  /** An integer from 0 to 2^32 - 1. */
  u32(value: number): void {
    if (value >>> 0 !== value) throw misfit(value, 'u32');
    this.unsigned(value);
  }

  /** An integer from -2^63 to 2^63 - 1. */
  i64(value: bigint): void {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) throw misfit(value, 'i64');
    if (value >= 0n) this.wideUnsigned(value);
    else if (value >= -0x8000_0000n) this.signed(Number(value));
    else this.wide(0xd3, value);
  }

  /** An integer from 0 to 2^64 - 1. */
  u64(value: bigint): void {
    if (typeof value !== 'bigint' || BigInt.asUintN(64, value) !== value) throw misfit(value, 'u64');
    this.wideUnsigned(value);
  }

  /** A number in single precision; a finite one that is too large for it is refused. */
  f32(value: number): void {
    if (typeof value !== 'number' || (Number.isFinite(value) && !Number.isFinite(Math.fround(value)))) {
      throw misfit(value, 'f32');
    }
    this.ensure(5);
    this.buffer[this.position] = 0xca;
    this.view.setFloat32(this.position + 1, value);
    this.position += 5;
  }

  /** A number in double precision, NaN and the infinities included. */
  f64(value: number): void {
    if (typeof value !== 'number') throw misfit(value, 'f64');
    this.ensure(9);
    this.buffer[this.position] = 0xcb;
    this.view.setFloat64(this.position + 1, value);
    this.position += 9;
  }

  /** Lone surrogates, which UTF-8 cannot say, become U+FFFD. */
  string(value: string): void {
    if (typeof value !== 'string') throw misfit(value, 'string');
    const length = value.length;
    if (length >= loopedText) {
      this.longString(value);
      return;
    }
    this.ensure(length + 1);
    const buffer = this.buffer;
    let position = this.position + 1;
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i);
      if (code > 127) {
        this.longString(value);
        return;
      }
      buffer[position++] = code;
    }
    buffer[this.position] = 0xa0 | length;
    this.position = position;
  }

  /** A byte string, copied. */
  bytes(value: Uint8Array): void {
    if (!(value instanceof Uint8Array)) throw misfit(value, 'bytes');
    const length = value.length;
    this.ensure(length + 5);
    this.header(0xc4, length);
    this.rawBytes(value);
  }

  /** MessagePack's timestamp extension, to the millisecond, in its shortest form. */
  timestamp(value: Date): void {
    const time = value instanceof Date ? value.getTime() : Number.NaN;
    if (Number.isNaN(time)) throw misfit(value, 'timestamp');
    const seconds = Math.floor(time / 1000);
    const nanoseconds = (time - seconds * 1000) * 1_000_000;
    this.ensure(15);
    const { view, position } = this;
    if (seconds < 0 || seconds >= 0x4_0000_0000) {
      view.setUint16(position, 0xc70c);
      view.setUint8(position + 2, 0xff);
      view.setUint32(position + 3, nanoseconds);
      view.setBigInt64(position + 7, BigInt(seconds));
      this.position += 15;
    } else if (nanoseconds > 0 || seconds > 0xffff_ffff) {
      view.setUint16(position, 0xd7ff);
      view.setUint32(position + 2, nanoseconds * 4 + Math.floor(seconds / 0x1_0000_0000));
      view.setUint32(position + 6, seconds >>> 0);
      this.position += 10;
    } else {
      view.setUint16(position, 0xd6ff);
      view.setUint32(position + 2, seconds);
      this.position += 6;
    }
  }

  /** Milliseconds: an integer where it is one of 32 bits, else a double. */
  duration(value: number): void {
    if (!Number.isFinite(value)) throw misfit(value, 'duration');
    if ((value | 0) === value) this.signed(value);
    else this.f64(value);
  }

  /** The 36 characters of RFC 9562, upper or lower case, as 16 bytes. */
  uuid(value: string): void {
    this.ensure(18);
    if (typeof value !== 'string' || !writeUuid(this.buffer, value, this.position + 2))
      throw misfit(value, 'uuid');
    this.view.setUint16(this.position, 0xc410);
    this.position += 18;
  }

  /** Begins an array of `count` elements, which are to follow. */
  arrayHeader(count: number): void {
    if (count < 16) this.rawU8(0x90 | count);
    else this.containerHeader(0xdc, count);
  }

  /** Begins a map of `count` pairs of key and value, which are to follow. */
  mapHeader(count: number): void {
    if (count < 16) this.rawU8(0x80 | count);
    else this.containerHeader(0xde, count);
  }

  /** The id of a union's arm, whose value is to follow. */
  unionHeader(id: number): void {
    this.rawU8(0x92);
    this.u16(id);
  }

  /** A value that is MessagePack already. */
  raw(value: Uint8Array): void {
    this.rawBytes(value);
  }

  /** Goes one level deeper into a type that can contain itself. */
  enter(): void {
    if (++this.depth > maxDepth) {
      throw new MarshalError(`the value nests deeper than ${maxDepth} levels; does it contain itself?`);
    }
  }

  /** Comes back from the level that `enter` went to. */
  leave(): void {
    this.depth--;
  }

  private unsigned(value: number): void {
    this.ensure(5);
    if (value < 0x80) {
      this.buffer[this.position++] = value;
    } else if (value < 0x100) {
      this.buffer[this.position] = 0xcc;
      this.buffer[this.position + 1] = value;
      this.position += 2;
    } else if (value < 0x1_0000) {
      this.buffer[this.position] = 0xcd;
      this.view.setUint16(this.position + 1, value);
      this.position += 3;
    } else {
      this.buffer[this.position] = 0xce;
      this.view.setUint32(this.position + 1, value);
      this.position += 5;
    }
  }

  private signed(value: number): void {
    if (value >= 0) {
      this.unsigned(value);
      return;
    }
    this.ensure(5);
    if (value >= -0x20) {
      this.buffer[this.position++] = value;
    } else if (value >= -0x80) {
      this.buffer[this.position] = 0xd0;
      this.view.setInt8(this.position + 1, value);
      this.position += 2;
    } else if (value >= -0x8000) {
      this.buffer[this.position] = 0xd1;
      this.view.setInt16(this.position + 1, value);
      this.position += 3;
    } else {
      this.buffer[this.position] = 0xd2;
      this.view.setInt32(this.position + 1, value);
      this.position += 5;
    }
  }

  private wideUnsigned(value: bigint): void {
    if (value <= 0xffff_ffffn) this.unsigned(Number(value));
    else this.wide(0xcf, value);
  }

  private wide(tag: 0xcf | 0xd3, value: bigint): void {
    this.ensure(9);
    this.buffer[this.position] = tag;
    this.view.setBigInt64(this.position + 1, value);
    this.position += 9;
  }

  /** A length in 8, 16 or 32 bits behind the first, second or third of three tags in a row. */
  private header(tag: number, length: number): void {
    if (length < 0x100) {
      this.rawU8(tag);
      this.rawU8(length);
    } else this.containerHeader(tag + 1, length);
  }

  /** A count in 16 or 32 bits behind the first or second of two tags in a row. */
  private containerHeader(tag: number, count: number): void {
    if (count < 0x1_0000) {
      this.rawU8(tag);
      this.rawU16(count);
    } else {
      this.rawU8(tag + 1);
      this.rawU32(count);
    }
  }

  /** The length in bytes is known only afterwards: what was written moves when its header turns out shorter. */
  private longString(value: string): void {
    const most = value.length < 4096 ? value.length * 3 : Buffer.byteLength(value);
    this.ensure(most + 5);
    const { buffer, position } = this;
    const expected = textHeaderSize(value.length);
    const length = writeUtf8(buffer, value, position + expected);
    const actual = textHeaderSize(length);
    if (actual !== expected) {
      buffer.copyWithin(position + actual, position + expected, position + expected + length);
    }
    if (actual === 1) buffer[this.position++] = 0xa0 | length;
    else this.header(0xd9, length);
    this.position += length;
  }
}

function textHeaderSize(length: number): number {
  if (length < 0x20) return 1;
  if (length < 0x100) return 2;
  return length < 0x1_0000 ? 3 : 5;
}

function misfit(value: unknown, type: string): MarshalError {
  return new MarshalError(`${show(value)} does not fit ${type}; give a value of that type and range`);
}

function show(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'object' && value !== null)
    return `a value of class ${value.constructor?.name ?? 'null'}`;
  return String(value);
}
