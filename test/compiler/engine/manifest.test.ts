import { describe, expect, it } from 'vitest';
import { formatManifest, ManifestError, parseManifest } from '../../../compiler/src/engine/manifest.js';

describe('a manifest', () => {
  const manifest = new Map([
    ['shop/types.ts', '../idl/shop.idl'],
    ['bank/types.ts', '../idl/bank.idl'],
  ]);

  it('is the same bytes for the same entries', () => {
    expect(formatManifest(manifest)).toBe(formatManifest(new Map([...manifest].reverse())));
  });

  it('is read back as it was', () => {
    expect(new Map([...parseManifest(formatManifest(manifest))].reverse())).toEqual(manifest);
  });

  it.each([
    '<<<<<<< HEAD',
    '[]',
    '{ "version": 2, "files": {} }',
    '{ "version": 1, "files": { "a.ts": 7 } }',
    '{ "version": 1, "files": { "../a.ts": "a.idl" } }',
    '{ "version": 1, "files": { "/etc/passwd": "a.idl" } }',
    '{ "version": 1, "files": { "C:/a.ts": "a.idl" } }',
    '{ "version": 1, "files": { "a\\\\..\\\\..\\\\b.ts": "a.idl" } }',
  ])('refuses %s', text => {
    expect(() => parseManifest(text)).toThrow(ManifestError);
  });
});
