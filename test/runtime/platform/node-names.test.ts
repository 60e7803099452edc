import { describe, expect, it } from 'vitest';
import { nodePlatform } from '../../../runtime/src/index.js';

const { names } = nodePlatform;

describe('the names of the system', () => {
  it.each(['192.0.2.1', '2001:db8::1'])('leave the address %s as it is', async address => {
    expect(await names.lookup(address)).toEqual([address]);
  });

  it('have loopback addresses for localhost, each once', async () => {
    const found = await names.lookup('localhost');
    expect(found.length).toBeGreaterThan(0);
    expect(new Set(found).size).toBe(found.length);
    for (const address of found) expect(['127.0.0.1', '::1']).toContain(address);
  });
});
