import { connect, serve } from '@convoke/runtime';
import { describe, expect, it } from 'vitest';

describe('connect refuses', () => {
  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 32])('messageBytes of %d', messageBytes =>
    expect(connect('memory:nowhere', { messageBytes })).rejects.toThrow(
      /'messageBytes' must be a whole number/,
    ),
  );

  it.each([0, 255, 65_508, 1200.5, Number.NaN])('datagramBytes of %d, as serve does', async datagramBytes => {
    const message = /datagramBytes must be a whole number from 256 to 65507/;
    await expect(connect('udp://127.0.0.1:1', { datagramBytes })).rejects.toThrow(message);
    await expect(serve({ listen: 'memory:nowhere', services: [], datagramBytes })).rejects.toThrow(message);
  });

  it.each(['promotionBytes', 'callsInFlight', 'queuedCalls'])('%s of 0 and less', async name => {
    for (const value of [0, -1, Number.NaN]) {
      const opened = connect('memory:nowhere', { [name]: value });
      await expect(opened).rejects.toThrow(`'${name}' must be above 0`);
    }
    await (await connect('memory:nowhere', { [name]: Number.POSITIVE_INFINITY })).close();
  });

  it.each(['', 'http://127.0.0.1:1', 'udp://127.0.0.1', 'udp://127.0.0.1:65536', 'tcp://:1', 'memory:'])(
    "the address '%s'",
    address => expect(connect(address)).rejects.toThrow(TypeError),
  );
});
