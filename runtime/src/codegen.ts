/** What generated code imports. */
export * from './marshalling/constraints.js';
export * from './marshalling/errors.js';
export { Reader } from './marshalling/reader.js';
export * from './marshalling/unknown-fields.js';
export { Writer } from './marshalling/writer.js';
export type * from './schema/description.js';
export { DeclaredError } from './schema/errors.js';
