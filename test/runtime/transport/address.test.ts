import { describe, expect, it } from 'vitest';
import { formatAddress, parseAddress } from '../../../runtime/src/transport/address.js';

describe('an address', () => {
  it.each([
    ['udp://127.0.0.1:7000', { scheme: 'udp', host: '127.0.0.1', port: 7000 }],
    ['tcp://bank.example.org:0', { scheme: 'tcp', host: 'bank.example.org', port: 0 }],
    ['tcp://[::1]:65535/', { scheme: 'tcp', host: '::1', port: 65_535 }],
    ['ws://127.0.0.1:8080', { scheme: 'ws', host: '127.0.0.1', port: 8080, path: '/' }],
    ['ws://[::1]:8080/', { scheme: 'ws', host: '::1', port: 8080, path: '/' }],
    ['ws://localhost/calls', { scheme: 'ws', host: 'localhost', port: 80, path: '/calls' }],
    [
      'wss://api.example.org/v1/calls',
      { scheme: 'wss', host: 'api.example.org', port: 443, path: '/v1/calls' },
    ],
    ['tls://bank.example.org:443', { scheme: 'tls', host: 'bank.example.org', port: 443 }],
    ['udps://[::1]:7000', { scheme: 'udps', host: '::1', port: 7000 }],
    ['unix:/run/bank.sock', { scheme: 'unix', path: '/run/bank.sock' }],
    ['unix:///run/bank.sock', { scheme: 'unix', path: '/run/bank.sock' }],
    ['unix:bank sockets/a?b#c', { scheme: 'unix', path: 'bank sockets/a?b#c' }],
    [`unix:${'a'.repeat(103)}`, { scheme: 'unix', path: 'a'.repeat(103) }],
    ['memory:bank', { scheme: 'memory', name: 'bank' }],
    ['memory://bank', { scheme: 'memory', name: 'bank' }],
  ])('%s is read', (text, address) => {
    expect(parseAddress(text)).toEqual(address);
  });

  it.each([
    'udp://127.0.0.1',
    'udp://127.0.0.1:65536',
    'udp://127.0.0.1:70 00',
    'udp://::1:7000',
    'tcps://host:7000',
    'tls://host',
    'udp://:7000',
    'udp://host:7000/path',
    'http://127.0.0.1:7000',
    'ws://',
    'ws://host:65536',
    'ws://user@host/',
    'ws://host/calls?token=1',
    'ws://host/calls#here',
    'ws://host/two words',
    'memory:',
    'unix:',
    'unix:\0abstract',
    '127.0.0.1:7000',
    '',
  ])("'%s' is none", text => {
    expect(() => parseAddress(text)).toThrow(
      `'${text}' is not an address: write udp://HOST:PORT, udps://, tcp:// or tls:// (ports 0 to 65535), ` +
        'ws://HOST:PORT/PATH or wss://, unix:PATH or memory:NAME',
    );
  });

  it.each([
    ['a'.repeat(104), 104],
    ['ä'.repeat(52), 104],
  ])("the path '%s' is too long, in bytes", (path, bytes) => {
    expect(() => parseAddress(`unix:${path}`)).toThrow(
      `the path of 'unix:${path}' has ${bytes} bytes, but that of a socket has 103 at most`,
    );
  });

  it.each([
    'udp://127.0.0.1:7000',
    'tcp://[fe80::1]:1',
    'ws://127.0.0.1:8080',
    'wss://[fe80::1]:443/calls',
    'tls://bank.example.org:443',
    'udps://[::1]:7000',
    'unix:/run/bank.sock',
    'unix:bank.sock',
    'memory:bank',
  ])('%s is written as it is read', text => {
    expect(formatAddress(parseAddress(text))).toBe(text);
  });
});
