/**
 * The manifest of an output folder: which source each generated file came from. It tells the compiler's own files
 * from the user's, so that only the former are ever removed.
 */
export const manifestName = '.convoke-manifest.json';

/** From the path of a generated file to its source's, both relative to the output folder, with `/`. */
export type Manifest = ReadonlyMap<string, string>;

/** The manifest is not one that this compiler wrote. */
export class ManifestError extends Error {
  override readonly name = 'ManifestError';
}

const version = 1;

/** The same entries give the same bytes. */
export function formatManifest(manifest: Manifest): string {
  const files = Object.fromEntries([...manifest].sort(([a], [b]) => (a < b ? -1 : 1)));
  return `${JSON.stringify({ version, files }, undefined, 2)}\n`;
}

/** @throws ManifestError where the text is not a manifest, or names a file outside the output folder */
export function parseManifest(text: string): Manifest {
  const parsed = parseJson(text);
  if (!isRecord(parsed) || parsed.version !== version || !isRecord(parsed.files)) {
    throw new ManifestError(`it is not a manifest of version ${version}`);
  }
  const manifest = new Map<string, string>();
  for (const [file, source] of Object.entries(parsed.files)) {
    if (typeof source !== 'string' || !staysInside(file)) {
      throw new ManifestError(`its entry '${file}' is not a file of the output folder`);
    }
    manifest.set(file, source);
  }
  return manifest;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ManifestError('it is not JSON', { cause: error });
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A manifest can be edited by anyone, and what it names may be deleted. */
function staysInside(file: string): boolean {
  return !/^([a-z]:|\/)|\\/i.test(file) && file.split('/').every(part => !['', '.', '..'].includes(part));
}
