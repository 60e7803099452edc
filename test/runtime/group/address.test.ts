import { describe, expect, it } from 'vitest';
import { parseGroupAddress } from '../../../runtime/src/group/address.js';

const parse = (text: string, group = 'ledger') => parseGroupAddress(text, group);

describe('the address of a group by multicast', () => {
  it('stays on this machine unless it says otherwise', () => {
    expect(parse('udp+multicast://239.255.0.1:7400')).toEqual({
      address: {
        scheme: 'udp+multicast',
        host: '239.255.0.1',
        port: 7400,
        interface: '127.0.0.1',
        ttl: 0,
        mtu: undefined,
      },
      warnings: [],
    });
    expect(parse('udp+multicast://239.255.0.1')).toEqual(parse('udp+multicast://239.255.0.1:7400'));
  });

  it('says interface, TTL and the length of packets', () => {
    const { address } = parse('udp+multicast://239.1.2.3:99?interface=192.0.2.7&ttl=3&mtu=9000');
    expect(address).toMatchObject({ host: '239.1.2.3', port: 99, interface: '192.0.2.7', ttl: 3, mtu: 9000 });
  });

  it('takes the interface and the TTL that hold where it is used', () => {
    const defaults = { interface: '10.0.0.2', ttl: 1 };
    expect(parseGroupAddress('udp+multicast://239.255.0.1:7400', 'ledger', defaults).address).toMatchObject(
      defaults,
    );
  });

  it('follows from the name of the group where it has no host: the same at all members, for each group its own', () => {
    const [one, same, other] = [
      parse('udp+multicast:///?ttl=1'),
      parse('udp+multicast://?ttl=1'),
      parse('udp+multicast:///?ttl=1', 'bank'),
    ];
    expect(one).toEqual(same);
    expect(one.address).toMatchObject({ host: '239.255.80.94', port: 17082, ttl: 1 });
    expect(other.address).not.toEqual(one.address);
    expect([one.warnings, other.warnings]).toEqual([[], []]);
  });

  it.each([
    ['224.0.0.5', /routing protocols/],
    ['224.0.1.1', /NTP/],
    ['225.1.2.3', /later use/],
    ['232.7.7.7', /one known source/],
    ['239.255.255.250', /SSDP/],
  ])('is warned of in a reserved block: %s', (host, use) => {
    const { warnings } = parse(`udp+multicast://${host}:7400`);
    expect(warnings).toEqual([expect.stringMatching(use)]);
  });

  it.each(['239.0.0.1', '239.255.0.1', '234.1.2.3', '233.0.5.1'])('is not warned of elsewhere: %s', host => {
    expect(parse(`udp+multicast://${host}:7400`).warnings).toEqual([]);
  });

  it.each([
    ['udp+multicast://10.0.0.1:7400', /'10\.0\.0\.1' is not in 224\.0\.0\.0\/4/],
    ['udp+multicast://240.0.0.1:7400', /not in 224/],
    ['udp+multicast://223.255.255.255:7400', /not in 224/],
    ['udp+multicast://239.255.0.256:7400', /not in 224/],
    ['udp+multicast://[ff02::1]:7400', /not in 224/],
    ['udp+multicast://name:7400', /not in 224/],
    ['udp+multicast://239.255.0.1:0', /same port/],
    ['udp+multicast://239.255.0.1:70000', /HOST:PORT/],
    ['udp+multicast://239.255.0.1:7400?ttl=256', /ttl is a whole number from 0 to 255, not '256'/],
    ['udp+multicast://239.255.0.1:7400?ttl=-1', /ttl/],
    ['udp+multicast://239.255.0.1:7400?ttl=', /ttl/],
    ['udp+multicast://239.255.0.1:7400?mtu=100', /mtu is a whole number from 512/],
    ['udp+multicast://239.255.0.1:7400?interface=0.0.0.0', /interface/],
    ['udp+multicast://239.255.0.1:7400?interface=eth0', /interface/],
    ['udp+multicast://239.255.0.1:7400?tll=1', /option 'tll'; known are interface, ttl, mtu/],
    ['udp+multicast://239.255.0.1:7400?ttl=1&ttl=2', /'ttl' twice/],
    ['multicast://239.255.0.1:7400', /write udp\+multicast/],
    ['239.255.0.1:7400', /write udp\+multicast/],
  ])('is refused: %s', (text, why) => {
    expect(() => parse(text)).toThrow(TypeError);
    expect(() => parse(text)).toThrow(why);
  });
});

describe('the address of a group by a list', () => {
  it('names where members may be', () => {
    expect(parse('udp://10.0.0.1:7000,host-b:7001,[2001:db8::1]:0')).toEqual({
      address: {
        scheme: 'udp',
        places: [
          { host: '10.0.0.1', port: 7000 },
          { host: 'host-b', port: 7001 },
          { host: '2001:db8::1', port: 0 },
        ],
        bind: undefined,
        mtu: undefined,
      },
      warnings: [],
    });
  });

  it('says where this member is', () => {
    expect(parse('tcp://10.0.0.1:7000?bind=10.0.0.9:0&mtu=9000').address).toMatchObject({
      scheme: 'tcp',
      bind: { host: '10.0.0.9', port: 0 },
      mtu: 9000,
    });
  });

  it.each([
    ['udp://', /HOST:PORT/],
    ['udp://10.0.0.1', /HOST:PORT/],
    ['udp://10.0.0.1:7000,', /HOST:PORT instead of ''/],
    ['tcp://10.0.0.1:7000?ttl=1', /option 'ttl'; known are bind, mtu/],
    ['tcp://10.0.0.1:7000?bind=10.0.0.9', /HOST:PORT instead of '10.0.0.9'/],
  ])('is refused: %s', (text, why) => {
    expect(() => parse(text)).toThrow(why);
  });
});
