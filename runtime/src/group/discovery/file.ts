/** Finds members at places that a file tells. */
import { readFile } from 'node:fs/promises';
import type { LayerSpec } from '../layer.js';
import { textDiscovery } from './list.js';

/**
 * Asks at the places that a file has, one `HOST:PORT` a line; empty lines and those that begin with `#` say nothing. The
 * file is read anew for each search.
 */
export function fileDiscovery(path: string): LayerSpec {
  return textDiscovery(() => readFile(path, 'utf8'));
}
