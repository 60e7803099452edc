/** What generated code imports. */
export * from './marshalling/errors.js';
export * from './marshalling/reader.js';
export * from './marshalling/writer.js';
export * from './schema/description.js';
export { DeclaredError } from './schema/errors.js';
