/** Settings of a project: `convoke.config.{json,ts,js}`, or `convoke` in its `package.json`. */
import { dirname } from 'node:path';
import { lilconfig } from 'lilconfig';
import { closest } from '../diagnostics/suggest.js';
import { UsageError } from './usage-error.js';

/** What a user writes. Paths are relative to the file that holds them. */
export interface Settings {
  /** Paths, folders and globs of the inputs. */
  readonly files?: readonly string[];
  /** The folder for generated files. */
  readonly out?: string;
}

export interface LoadedSettings extends Settings {
  /** What `files` and `out` are relative to. */
  readonly directory: string;
}

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

const rules: { readonly [Key in keyof Settings]-?: { wanted: string; accepts(value: unknown): boolean } } = {
  files: {
    wanted: 'a list of paths and globs',
    accepts: value => Array.isArray(value) && value.length > 0 && value.every(isText),
  },
  out: { wanted: 'the path of a folder', accepts: isText },
};

/**
 * The settings that hold in `cwd`: of the nearest folder upwards that has any.
 *
 * @throws UsageError where they cannot be read or are not settings
 */
export async function loadSettings(cwd: string): Promise<LoadedSettings> {
  const search = lilconfig('convoke', {
    searchPlaces: ['convoke.config.json', 'convoke.config.ts', 'convoke.config.js', 'package.json'],
    loaders: { '.ts': loadModule, '.js': loadModule },
  });
  const found = await search.search(cwd).catch(error => {
    const reason = error instanceof Error ? error.message : String(error);
    throw new UsageError(`Cannot read the settings: ${reason}`, { cause: error });
  });
  if (!found) return { directory: cwd };
  return { ...checkSettings(found.filepath, found.config), directory: dirname(found.filepath) };
}

async function loadModule(path: string): Promise<unknown> {
  const { createJiti } = await import('jiti');
  return createJiti(import.meta.url, { moduleCache: false }).import(path, { default: true });
}

function checkSettings(file: string, settings: unknown): Settings {
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings)) {
    throw new UsageError(`The settings in '${file}' are not an object: write \`{ "out": "generated" }\`.`);
  }
  for (const [key, value] of Object.entries(settings)) {
    if (!Object.hasOwn(rules, key)) {
      const likely = closest(key, Object.keys(rules));
      const hint =
        likely === undefined ? `Known are ${Object.keys(rules).join(', ')}.` : `Did you mean '${likely}'?`;
      throw new UsageError(`There is no setting '${key}' (in '${file}'). ${hint}`);
    }
    const { wanted, accepts } = rules[key as keyof Settings];
    if (!accepts(value)) throw new UsageError(`The setting '${key}' in '${file}' must be ${wanted}.`);
  }
  return settings;
}
