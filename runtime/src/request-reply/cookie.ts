/**
 * Cookies: a server that keeps nothing knows again whom it sent one to, as in DTLS (RFC 9147, section 5.1) and QUIC
 * (RFC 9000, section 8.1).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { idBytes } from './frames.js';
import type { Hello } from './handshake-frames.js';
import { cookieBytes } from './handshake-frames.js';

/** Milliseconds for which a cookie is good. */
const maxAge = 60_000;
const macBytes = 16;

export interface CookieJar {
  issue(hello: Hello, peer: string, now: number): Buffer;
  /** Whether the hello's cookie was issued for this very hello and peer, lately, and after the last `refuseOlder`. */
  accepts(hello: Hello, peer: string, now: number): boolean;
  /** Refuses every cookie issued until now: a handshake that was captured must not open a dropped session anew. */
  refuseOlder(now: number): void;
}

/** @param secret known to this server alone; @param epoch sealed into each cookie */
export function createCookieJar(secret: Uint8Array, epoch: Buffer): CookieJar {
  let refusedUntil = -1;

  const seal = ({ clientId, nonce, firstNumber }: Hello, peer: string, issuedAt: bigint): Buffer => {
    const numbers = Buffer.alloc(16);
    numbers.writeBigUInt64BE(issuedAt, 0);
    numbers.writeBigUInt64BE(BigInt(firstNumber), 8);
    const mac = createHmac('sha256', secret)
      .update(epoch)
      .update(numbers)
      .update(clientId)
      .update(nonce)
      .update(peer);
    return Buffer.concat([epoch, numbers.subarray(0, 8), mac.digest().subarray(0, macBytes)], cookieBytes);
  };

  return {
    issue: (hello, peer, now) => seal(hello, peer, microseconds(now)),
    accepts(hello, peer, now) {
      const issuedAt = hello.cookie.readBigUInt64BE(idBytes);
      const age = now - Number(issuedAt) / 1000;
      if (!timingSafeEqual(hello.cookie, seal(hello, peer, issuedAt))) return false;
      return age <= maxAge && Number(issuedAt) > refusedUntil;
    },
    refuseOlder(now) {
      refusedUntil = Number(microseconds(now));
    },
  };
}

function microseconds(milliseconds: number): bigint {
  return BigInt(Math.round(milliseconds * 1000));
}
