import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { expect } from 'vitest';

/**
 * Compares a text with a golden file. With `UPDATE_GOLDEN=1` in the environment the file is written instead: look at the
 * difference before you commit it.
 */
export function expectGolden(path: string, text: string): void {
  if (process.env.UPDATE_GOLDEN) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return;
  }
  const golden = existsSync(path)
    ? readFileSync(path, 'utf8')
    : `(${path} does not exist: run with UPDATE_GOLDEN=1)`;
  expect(text).toBe(golden);
}
