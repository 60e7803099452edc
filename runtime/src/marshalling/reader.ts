import { MarshalError } from './errors.js';
import { copiedBytes, maxDepth, maxFieldId, maxUnknownDepth } from './limits.js';
import { tagShapes } from './tags.js';
import { readUtf8 } from './text.js';
import { readTimestamp } from './timestamp.js';
import { readUuid } from './uuid.js';

const nothing = Buffer.alloc(0);
/** Eight bytes seen as numbers: cheaper than a `DataView` for each received message. */
const scratch = new DataView(new ArrayBuffer(8));
const scratchBytes = new Uint8Array(scratch.buffer);

/**
 * Reads MessagePack in place, and raw big-endian bytes. One reader can be `reset` for message after message.
 *
 * Every read checks bounds, type and range and throws a `MarshalError` with the offset; lengths and counts are checked
 * against the bytes that remain before memory is taken for them. Integers are accepted in every width, floats and
 * durations in every number format.
 */
export class Reader {
  /** What is read; views that were handed out keep it in memory. */
  buffer: Buffer = nothing;
  /** The offset in `buffer` of the next byte that is read. */
  position = 0;
  /** No byte at or after this offset is read. */
  end = 0;
  /** Whether the struct whose header was read last is a map from field id to value, not an array. */
  keyed = false;
  private depth = 0;

  /** Begins to read `buffer` from `start` to `end`, both inside it. */
  reset(buffer: Buffer, start = 0, end: number = buffer.length): this {
    this.buffer = buffer;
    this.position = start;
    this.end = end;
    this.depth = 0;
    return this;
  }

  /** How many bytes are left before `end`. */
  get remaining(): number {
    return this.end - this.position;
  }

  /** One byte as it stands, without a tag. */
  rawU8(): number {
    return this.buffer[this.take(1)]!;
  }

  /** An unsigned integer in two bytes. */
  rawU16(): number {
    const at = this.take(2);
    return (this.buffer[at]! << 8) | this.buffer[at + 1]!;
  }

  /** An unsigned integer in four bytes. */
  rawU32(): number {
    const at = this.take(4);
    const { buffer } = this;
    return ((buffer[at]! << 24) | (buffer[at + 1]! << 16) | (buffer[at + 2]! << 8) | buffer[at + 3]!) >>> 0;
  }

  /** An integer in eight bytes; one above 2^53 is refused. */
  rawU64(): number {
    const at = this.position;
    const high = this.rawU32();
    const value = high * 0x1_0000_0000 + this.rawU32();
    if (high > 0x1f_ffff) throw this.failure('the number is above 2^53', at);
    return value;
  }

  /** A view of the next `length` bytes. */
  rawBytes(length: number): Buffer {
    const at = this.take(length);
    return this.buffer.subarray(at, at + length);
  }

  /** Whether nil is next; reads nothing. */
  isNil(): boolean {
    return this.peek() === 0xc0;
  }

  /** Reads nil if it is next. */
  takeNil(): boolean {
    if (this.peek() !== 0xc0) return false;
    this.position++;
    return true;
  }

  /** True or false; numbers are not taken for one. */
  bool(): boolean {
    const tag = this.peek();
    if (tag !== 0xc3 && tag !== 0xc2) throw this.unexpected('bool');
    this.position++;
    return tag === 0xc3;
  }

  /** An integer from -2^7 to 2^7 - 1. */
  i8(): number {
    return this.integer(-0x80, 0x7f, 'i8');
  }

  /** An integer from -2^15 to 2^15 - 1. */
  i16(): number {
    return this.integer(-0x8000, 0x7fff, 'i16');
  }

  /** An integer from -2^31 to 2^31 - 1. */
  i32(): number {
    return this.integer(-0x8000_0000, 0x7fff_ffff, 'i32');
  }

  /** An integer from 0 to 2^8 - 1. */
  u8(): number {
    return this.integer(0, 0xff, 'u8');
  }

  /** An integer from 0 to 2^16 - 1. */
  u16(): number {
    return this.integer(0, 0xffff, 'u16');
  }

  /** An integer from 0 to 2^32 - 1. */
  u32(): number {
    return this.integer(0, 0xffff_ffff, 'u32');
  }

  /** An integer from -2^63 to 2^63 - 1. */
  i64(): bigint {
    const at = this.position;
    const value = this.wideInteger('i64');
    if (BigInt.asIntN(64, value) !== value) throw this.failure(`${value} does not fit i64`, at);
    return value;
  }

  /** An integer from 0 to 2^64 - 1. */
  u64(): bigint {
    const at = this.position;
    const value = this.wideInteger('u64');
    if (value < 0n) throw this.failure(`${value} does not fit u64`, at);
    return value;
  }

  /** A number rounded to single precision. */
  f32(): number {
    return Math.fround(this.float('f32'));
  }

  /** A number in double precision, NaN and the infinities included. */
  f64(): number {
    return this.float('f64');
  }

  /** Text, whose UTF-8 is checked. */
  string(): string {
    const at = this.position;
    const length = this.textLength();
    const start = this.take(length);
    const text = readUtf8(this.buffer, start, length);
    if (text === undefined) throw this.failure('the string is not valid UTF-8', at);
    return text;
  }

  /** Short byte strings are copies; from `copiedBytes` on they are views that keep the whole message in memory. */
  bytes(): Uint8Array {
    const length = this.bytesLength();
    return this.detach(this.take(length), length);
  }

  /** A moment from MessagePack's timestamp extension, to the millisecond. */
  timestamp(): Date {
    const at = this.position;
    const tag = this.rawU8();
    const length = tag === 0xd6 ? 4 : tag === 0xd7 ? 8 : tag === 0xc7 ? this.rawU8() : 0;
    if (length === 0) {
      this.position = at;
      throw this.unexpected('timestamp');
    }
    const type = this.rawU8();
    const time = type === 0xff ? readTimestamp(this.buffer, this.take(length), length) : undefined;
    if (time === undefined) throw this.failure('the extension is not a timestamp that a Date can hold', at);
    return new Date(time);
  }

  /** Milliseconds. */
  duration(): number {
    const at = this.position;
    const value = this.float('duration');
    if (!Number.isFinite(value)) throw this.failure(`${value} does not fit duration`, at);
    return value;
  }

  /** In lower case. */
  uuid(): string {
    const at = this.position;
    const length = this.bytesLength();
    if (length !== 16) throw this.failure(`${length} bytes are not a uuid, which has 16`, at);
    return readUuid(this.buffer, this.take(16));
  }

  /** How many elements follow. */
  arrayHeader(): number {
    const tag = this.peek();
    if ((tag & 0xf0) === 0x90) {
      this.position++;
      return this.checkCount(tag & 0x0f, 1);
    }
    return this.checkCount(this.containerCount(tag, 0xdc, 'array'), 1);
  }

  /** How many pairs of key and value follow. */
  mapHeader(): number {
    const tag = this.peek();
    if ((tag & 0xf0) === 0x80) {
      this.position++;
      return this.checkCount(tag & 0x0f, 2);
    }
    return this.checkCount(this.containerCount(tag, 0xde, 'map'), 2);
  }

  /** How many fields follow; `keyed` tells in which of the two forms. */
  structHeader(): number {
    const tag = this.peek();
    this.keyed = (tag & 0xf0) === 0x80 || tag === 0xde || tag === 0xdf;
    const at = this.position;
    const count = this.keyed ? this.mapHeader() : this.arrayHeader();
    if (count > maxFieldId) throw this.failure(`${count} fields announced, but ids end at ${maxFieldId}`, at);
    return count;
  }

  /** The next field's id in the keyed form, in which ids ascend. */
  fieldId(previous: number): number {
    const at = this.position;
    const id = this.u16();
    if (id <= previous) throw this.failure(`field id ${id} stands after ${previous}; ids must ascend`, at);
    return id;
  }

  /** The id of a union's arm, whose value follows. */
  unionHeader(): number {
    const at = this.position;
    if (this.arrayHeader() !== 2) throw this.failure('a union is an array of two: the id and the value', at);
    return this.u16();
  }

  /** Passes over one value of whatever type. */
  skip(): void {
    this.skipNested(0);
  }

  private skipNested(depth: number): void {
    const shape = tagShapes[this.peek()]!;
    switch (shape.kind) {
      case 'fixed':
        this.take(1 + shape.size);
        return;
      case 'sized':
        this.position++;
        this.take(shape.extra + this.rawLength(shape.lengthBytes));
        return;
      case 'array':
      case 'map': {
        if (depth === maxUnknownDepth) throw this.tooDeep(maxUnknownDepth);
        const count = shape.kind === 'array' ? this.arrayHeader() : 2 * this.mapHeader();
        for (let left = count; left > 0; left--) this.skipNested(depth + 1);
        return;
      }
      case 'unused':
        throw this.unexpected('value');
    }
  }

  /** One value of whatever type, as MessagePack; copied or a view by the rule of `bytes`. */
  rawValue(): Uint8Array {
    const start = this.position;
    this.skip();
    return this.detach(start, this.position - start);
  }

  /** Goes one level deeper into a type that can contain itself. */
  enter(): void {
    if (++this.depth > maxDepth) throw this.tooDeep(maxDepth);
  }

  /** Comes back from the level that `enter` went to. */
  leave(): void {
    this.depth--;
  }

  /** The error for a required field that did not arrive. */
  missing(path: string): never {
    throw new MarshalError('the required field is missing', { offset: this.position, path });
  }

  /** The error for what is wrong at this offset in `buffer`; to be thrown by who asks for it. */
  failure(message: string, offset: number): MarshalError {
    return new MarshalError(message, { offset });
  }

  /** Checks that `length` bytes remain, passes them and returns where they begin. */
  private take(length: number): number {
    const at = this.position;
    if (length > this.end - at) throw this.truncated(length);
    this.position = at + length;
    return at;
  }

  /** The first byte of the next value, its tag. */
  peek(): number {
    if (this.position >= this.end) throw this.truncated(1);
    return this.buffer[this.position]!;
  }

  private truncated(length: number): MarshalError {
    return this.failure(
      `the message ends: ${length} more bytes announced, ${this.remaining} are left`,
      this.position,
    );
  }

  private unexpected(expected: string): MarshalError {
    const tag = this.buffer[this.position]!;
    return this.failure(`expected ${expected}, found ${tagShapes[tag]!.type}`, this.position);
  }

  private tooDeep(limit: number): MarshalError {
    return this.failure(`the value nests deeper than ${limit} levels`, this.position);
  }

  private detach(start: number, length: number): Uint8Array {
    const { buffer } = this;
    const view = new Uint8Array(buffer.buffer, buffer.byteOffset + start, length);
    return length < copiedBytes ? view.slice() : view;
  }

  /** Each entry takes at least `size` bytes, so that a larger count cannot be true. */
  private checkCount(count: number, size: number): number {
    if (count * size > this.end - this.position) {
      throw this.failure(`${count} entries announced, but ${this.remaining} bytes are left`, this.position);
    }
    return count;
  }

  private containerCount(tag: number, tag16: number, expected: string): number {
    if (tag !== tag16 && tag !== tag16 + 1) throw this.unexpected(expected);
    this.position++;
    return tag === tag16 ? this.rawU16() : this.rawU32();
  }

  private rawLength(bytes: 1 | 2 | 4): number {
    return bytes === 1 ? this.rawU8() : bytes === 2 ? this.rawU16() : this.rawU32();
  }

  private textLength(): number {
    const tag = this.peek();
    if ((tag & 0xe0) === 0xa0) {
      this.position++;
      return tag & 0x1f;
    }
    return this.tagLength(tag - 0xd9, 'string');
  }

  private bytesLength(): number {
    return this.tagLength(this.peek() - 0xc4, 'bytes');
  }

  /** A length of which the tag, the first, second or third of its row, tells the width. */
  private tagLength(row: number, expected: string): number {
    if (row < 0 || row > 2) throw this.unexpected(expected);
    this.position++;
    return this.rawLength(row === 0 ? 1 : row === 1 ? 2 : 4);
  }

  private integer(least: number, greatest: number, type: string): number {
    const at = this.position;
    const tag = this.peek();
    let value: number;
    if (tag < 0x80) {
      this.position++;
      return tag;
    }
    if (tag >= 0xe0) {
      this.position++;
      value = tag - 0x100;
    } else {
      value = this.wideNumber(tag, type);
    }
    if (value < least || value > greatest) throw this.failure(`${value} does not fit ${type}`, at);
    return value;
  }

  /** An integer behind a tag. Beyond 2^53 the value is rounded, but stays beyond every range that is asked for. */
  private wideNumber(tag: number, type: string): number {
    this.position++;
    switch (tag) {
      case 0xcc:
        return this.rawU8();
      case 0xcd:
        return this.rawU16();
      case 0xce:
        return this.rawU32();
      case 0xcf:
        return this.rawU32() * 0x1_0000_0000 + this.rawU32();
      case 0xd0:
        return (this.rawU8() << 24) >> 24;
      case 0xd1:
        return (this.rawU16() << 16) >> 16;
      case 0xd2:
        return this.rawU32() | 0;
      case 0xd3:
        return (this.rawU32() | 0) * 0x1_0000_0000 + this.rawU32();
    }
    this.position--;
    throw this.unexpected(type);
  }

  private wideInteger(type: string): bigint {
    const tag = this.peek();
    if (tag !== 0xcf && tag !== 0xd3) {
      return BigInt(this.integer(-0x8000_0000, 0xffff_ffff, type));
    }
    this.position++;
    this.fillScratch(8);
    return tag === 0xcf ? scratch.getBigUint64(0) : scratch.getBigInt64(0);
  }

  private float(type: string): number {
    const tag = this.peek();
    if (tag !== 0xcb && tag !== 0xca) return this.integer(-Infinity, Infinity, type);
    this.position++;
    this.fillScratch(tag === 0xcb ? 8 : 4);
    return tag === 0xcb ? scratch.getFloat64(0) : scratch.getFloat32(0);
  }

  private fillScratch(length: 4 | 8): void {
    const at = this.take(length);
    const { buffer } = this;
    for (let i = 0; i < length; i++) scratchBytes[i] = buffer[at + i]!;
  }
}
