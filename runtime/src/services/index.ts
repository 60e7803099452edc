/** Services of the framework itself, for `serve`: health and reflection, and what clients of them need. */
export {
  Health,
  type HealthClient,
  HealthStatus,
  NoSuchService,
} from '../generated/health/index.js';
export {
  CallShape,
  type InterfaceSummary,
  NoSuchInterface,
  type ProcedureSummary,
  Reflection,
  type ReflectionClient,
  type SchemaFile,
  Semantics,
} from '../generated/reflection/index.js';
export { type HealthImplementation, health } from './health.js';
export { reflection } from './reflection.js';
