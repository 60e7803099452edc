import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findInputs, InputError, readFrom } from '../../../compiler/src/engine/disk.js';
import { temporaryFolder } from '../temporary.js';

describe('reading', () => {
  it('gives the bytes', () => {
    const folder = temporaryFolder({ 'a.idl': 'ä' });
    expect([...readFrom(folder)('a.idl')]).toEqual([0xc3, 0xa4]);
  });

  it('says why it cannot', () => {
    const folder = temporaryFolder({ 'a.idl': '' });
    mkdirSync(join(folder, 'b.idl'));
    const read = readFrom(folder);
    expect(() => read('c.idl')).toThrow(
      expect.objectContaining({ message: 'there is no such file', isMissing: true }),
    );
    expect(() => read('a.idl/c.idl')).toThrow(expect.objectContaining({ isMissing: true }));
    expect(() => read('b.idl')).toThrow(
      expect.objectContaining({ message: 'it is a folder', isMissing: false }),
    );
  });
});

describe('inputs', () => {
  it('are relative to the working directory, whatever the patterns are relative to', async () => {
    const folder = temporaryFolder({ 'idl/b.idl': '', 'idl/a.idl': '', 'idl/sub/c.idl': '' });
    const found = await findInputs(['idl/*.idl', 'idl/b.idl'], folder, join(folder, 'idl/sub'));
    expect(found).toEqual(['../a.idl', '../b.idl']);
  });

  it('may bear names that look like globs', async () => {
    const folder = temporaryFolder({ '[a].idl': '', 'a.idl': '' });
    expect(await findInputs(['[a].idl'], folder, folder)).toEqual(['[a].idl']);
  });

  it('are not found in silence', async () => {
    const folder = temporaryFolder({ 'a.txt': '' });
    await expect(findInputs(['a.txt'], folder, folder)).rejects.toThrow(InputError);
    await expect(findInputs(['*.txt'], folder, folder)).rejects.toThrow(InputError);
  });
});
