/**
 * What generated code imports: descriptions of interfaces and procedures, marshalling, and checks. It is there for what
 * `convoke generate` writes; applications have no need of it.
 *
 * @packageDocumentation
 */
export * from './marshalling/constraints.js';
export * from './marshalling/errors.js';
export { Reader } from './marshalling/reader.js';
export * from './marshalling/unknown-fields.js';
export { Writer } from './marshalling/writer.js';
export type * from './schema/description.js';
export { DeclaredError } from './schema/errors.js';
export type * from './schema/group.js';
