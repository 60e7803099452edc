/** What values of the primitive types are in TypeScript. */
import type { PrimitiveName } from './model.js';

export const representations: Readonly<Record<PrimitiveName, string>> = {
  bool: 'boolean',
  i8: 'number',
  i16: 'number',
  i32: 'number',
  i64: 'bigint',
  u8: 'number',
  u16: 'number',
  u32: 'number',
  u64: 'bigint',
  f32: 'number',
  f64: 'number',
  string: 'string',
  bytes: 'Uint8Array',
  timestamp: 'Date',
  duration: 'number',
  uuid: 'string',
};
