import { describe, expect, it } from 'vitest';
import { createCookieJar } from '../../../runtime/src/request-reply/cookie.js';
import { cookieBytes, type Hello, noCookie } from '../../../runtime/src/request-reply/handshake-frames.js';

const secret = Buffer.alloc(32, 1);
const epoch = Buffer.alloc(8, 2);
const peer = 'udp://192.0.2.1:4000';
const now = 5_000_000.25;
const hello: Hello = {
  version: 1,
  clientId: Buffer.alloc(16, 3),
  nonce: Buffer.alloc(8, 4),
  firstNumber: 7,
  messageBytes: 1000,
  token: Buffer.alloc(8),
  cookie: noCookie,
};

const jar = () => createCookieJar(secret, epoch);
const issued = { ...hello, cookie: jar().issue(hello, peer, now) };

describe('a cookie', () => {
  it('has its length, and is accepted from whom it was issued to', () => {
    expect(issued.cookie).toHaveLength(cookieBytes);
    expect(jar().accepts(issued, peer, now)).toBe(true);
  });

  it('is good for a minute, to the millisecond', () => {
    expect(jar().accepts(issued, peer, now + 60_000)).toBe(true);
    expect(jar().accepts(issued, peer, now + 60_001)).toBe(false);
  });

  it.each([
    { what: 'address', from: 'udp://192.0.2.2:4000' },
    { what: 'port', from: 'udp://192.0.2.1:4001' },
    { what: 'client id', change: { clientId: Buffer.alloc(16, 9) } },
    { what: 'nonce', change: { nonce: Buffer.alloc(8, 9) } },
    { what: 'first number', change: { firstNumber: 8 } },
    { what: 'first number, in its high half', change: { firstNumber: 7 + 2 ** 32 } },
  ])('is refused with another $what', ({ from = peer, change = {} }) => {
    expect(jar().accepts({ ...issued, ...change }, from, now)).toBe(false);
  });

  it('is refused by a server with another epoch or another secret', () => {
    expect(createCookieJar(secret, Buffer.alloc(8, 9)).accepts(issued, peer, now)).toBe(false);
    expect(createCookieJar(Buffer.alloc(32, 9), epoch).accepts(issued, peer, now)).toBe(false);
  });

  it('is refused with any one bit changed', () => {
    for (let bit = 0; bit < 8 * cookieBytes; bit++) {
      const cookie = Buffer.from(issued.cookie);
      cookie[bit >>> 3]! ^= 1 << (bit & 7);
      expect(jar().accepts({ ...issued, cookie }, peer, now)).toBe(false);
    }
    expect(jar().accepts(hello, peer, now)).toBe(false);
  });

  it('may be sent with whatever token', () => {
    expect(jar().accepts({ ...issued, token: Buffer.alloc(8, 9) }, peer, now)).toBe(true);
  });

  it('is refused when a session was dropped since, and later ones are not', () => {
    const cookies = jar();
    cookies.refuseOlder(now);
    expect(cookies.accepts(issued, peer, now + 1)).toBe(false);
    const later = { ...hello, cookie: cookies.issue(hello, peer, now + 1) };
    expect(cookies.accepts(later, peer, now + 2)).toBe(true);
  });
});
