/**
 * Services of the framework itself, for `serve`: health and reflection, and what clients of them need.
 *
 * @packageDocumentation
 */
export {
  Health,
  type HealthClient,
  type HealthService,
  HealthStatus,
  NoSuchService,
  type NoSuchServiceData,
} from '../generated/health/index.js';
export {
  CallShape,
  type InterfaceSummary,
  NoSuchInterface,
  type NoSuchInterfaceData,
  type ProcedureSummary,
  Reflection,
  type ReflectionClient,
  type ReflectionService,
  type SchemaFile,
  Semantics,
} from '../generated/reflection/index.js';
export { type HealthImplementation, health } from './health.js';
export { openGroup } from './open-group.js';
export { reflection } from './reflection.js';
