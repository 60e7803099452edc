/** The options of commands that call a server, from words to what the runtime takes. */
import { readFileSync } from 'node:fs';
import type { CallOptions, ClientTls } from '@convoke/runtime';
import { parseDuration } from '../syntax/literals.js';
import { UsageError } from './usage-error.js';

export interface RemoteCommandOptions {
  readonly deadline?: string;
  /** `name=value` each. */
  readonly metadata?: readonly string[];
  readonly json?: boolean;
  /** Files, of addresses that are secured: whom to trust, and who calls. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** @throws UsageError where a file cannot be read */
export function readTls({ ca, cert, key }: RemoteCommandOptions): ClientTls {
  return {
    ...(ca !== undefined && { ca: readPem(ca) }),
    ...(cert !== undefined && { cert: readPem(cert) }),
    ...(key !== undefined && { key: readPem(key) }),
  };
}

function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${path} cannot be read: ${error instanceof Error ? error.message : error}`, {
      cause: error,
    });
  }
}

/** @throws UsageError where a word is not what it should be */
export function parseCallOptions({ deadline, metadata = [] }: RemoteCommandOptions): CallOptions {
  return {
    ...(deadline !== undefined && { deadline: parseDeadline(deadline) }),
    ...(metadata.length > 0 && { metadata: Object.fromEntries(metadata.map(parseMetadata)) }),
  };
}

/** In milliseconds. */
function parseDeadline(text: string): number {
  const deadline = text === 'none' ? Number.POSITIVE_INFINITY : parseDuration(text);
  if (deadline !== undefined && deadline > 0) return deadline;
  throw new UsageError(`The deadline '${text}' is none: write it like 500ms, 2s or 1m, or \`none\`.`);
}

function parseMetadata(text: string): [name: string, value: string] {
  const at = text.indexOf('=');
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)];
  throw new UsageError(`The metadata '${text}' has no name: write it like tenant=acme.`);
}
