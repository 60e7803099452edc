/** Keys and certificates of tests; `make.sh` made them. */
import { readFileSync } from 'node:fs';
import type { KeyAndCertificate } from '@convoke/runtime';

const read = (file: string): string => readFileSync(new URL(file, import.meta.url), 'utf8');

const issued = (name: string): KeyAndCertificate => ({
  key: read(`${name}.key`),
  cert: read(`${name}.pem`),
});

export const authority = read('authority.pem');

/** Of `localhost`, `127.0.0.1` and `::1`. */
export const server = issued('server');
/** Of `elsewhere.example.org`. */
export const otherServer = issued('other-server');

/** `URI:spiffe://example.org/alice` and a DNS name. */
export const alice = issued('alice');
/** With the same URI. */
export const renewedAlice = issued('renewed-alice');
/** A common name and nothing else. */
export const bob = issued('bob');

/** By an authority of its own: a server's names, and Alice's. */
export const stranger = issued('stranger');
export const strangerAuthority = read('stranger-authority.pem');
