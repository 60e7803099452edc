import { describe, expect, it } from 'vitest';
import { createOriginCheck } from '../../../runtime/src/transport/origins.js';

describe('the check of origins', () => {
  it.each([
    [undefined, 'api.example.org', true],
    ['https://api.example.org', 'api.example.org', true],
    ['https://api.example.org', 'API.example.org', true],
    ['http://127.0.0.1:8080', '127.0.0.1:8080', true],
    ['http://[::1]:8080', '[::1]:8080', true],
    ['http://127.0.0.1:8081', '127.0.0.1:8080', false],
    ['https://evil.example.com', 'api.example.org', false],
    ['https://api.example.org.evil.example.com', 'api.example.org', false],
    ['null', 'api.example.org', false],
    ['', 'api.example.org', false],
    ['https://api.example.org', undefined, false],
  ])('by default: a page of %s at the host %s: %s', (origin, host, admitted) => {
    expect(createOriginCheck()({ origin, host })).toBe(admitted);
  });

  it('admits those that are listed, and who sends none', () => {
    const admits = createOriginCheck(['https://app.example.org', 'http://localhost:5173', 'null']);
    expect(admits({ origin: 'https://app.example.org', host: 'api.example.org' })).toBe(true);
    expect(admits({ origin: 'http://localhost:5173', host: 'api.example.org' })).toBe(true);
    expect(admits({ origin: 'null', host: 'api.example.org' })).toBe(true);
    expect(admits({ origin: undefined, host: 'api.example.org' })).toBe(true);
    expect(admits({ origin: 'http://app.example.org', host: 'api.example.org' })).toBe(false);
    expect(admits({ origin: 'https://api.example.org', host: 'api.example.org' })).toBe(false);
  });

  it('asks a function about each origin', () => {
    const admits = createOriginCheck(origin => origin.endsWith('.example.org'));
    expect(admits({ origin: 'https://app.example.org', host: 'x' })).toBe(true);
    expect(admits({ origin: 'https://app.example.com', host: 'x' })).toBe(false);
    expect(admits({ origin: undefined, host: 'x' })).toBe(true);
  });

  it.each(['https://app.example.org/', 'app.example.org', 'https://app.example.org:443', '*', ''])(
    "refuses to list '%s', which no page would have",
    origin => {
      expect(() => createOriginCheck([origin])).toThrow(`'${origin}' is not an origin`);
    },
  );
});
