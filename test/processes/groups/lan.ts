/**
 * A LAN of hosts with IP multicast, in network namespaces of this machine: nothing leaves it. A bridge joins the hosts;
 * each drops what it is told to of what reaches it.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { onTestFinished } from 'vitest';

export interface Lan {
  readonly hosts: readonly LanHost[];
  /** Each host loses this share of the UDP datagrams that reach it: 0.1 are 10 %. */
  lose(share: number): void;
  /** These two do not hear each other any more. */
  cut(one: LanHost, other: LanHost): void;
  /** Cuts each pair of hosts that are in different groups. */
  partition(...groups: readonly (readonly LanHost[])[]): void;
  /** Undoes all cuts. */
  heal(): void;
}

export interface LanHost {
  /** Of its only interface to the LAN. */
  readonly address: string;
  /** Starts a program of Node on this host. Its process gets the signals that the returned one is sent. */
  start(path: URL, ...words: readonly string[]): ChildProcess;
}

/** What is loaded into each host: one chain for loss, one for cuts. */
const table = `table inet lan {
  chain lost { type filter hook input priority 0; policy accept; }
  chain cut { type filter hook input priority 1; policy accept; }
}`;

let created = 0;

/** Brings a LAN up that is taken down when the test is over. */
export function createLan(size: number): Lan {
  const lan = bringUp(size);
  onTestFinished(lan.down);
  return lan;
}

let reason: { readonly why: string | undefined } | undefined;

/** Why there can be no LAN on this machine; undefined when there can. */
export function lanUnavailable(): string | undefined {
  reason ??= { why: tryOut() };
  return reason.why;
}

function tryOut(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are a matter of Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  try {
    bringUp(1).down();
    return undefined;
  } catch (error) {
    const { code, path, stderr, message } = error as NodeJS.ErrnoException & { stderr?: string };
    if (code === 'ENOENT') return `the command '${path}' is not installed`;
    return stderr?.trim() || message;
  }
}

function bringUp(size: number): Lan & { down(): void } {
  const prefix = `convoke-${process.pid}-${++created}-`;
  const namespaces = new Set<string>();
  const cuts = new Map<string, string[]>();

  const down = (): void => {
    process.off('exit', down);
    ip([], ...[...namespaces].map(name => `netns del ${name}`));
    namespaces.clear();
  };
  const add = (name: string): string => {
    const namespace = prefix + name;
    ip([], `netns add ${namespace}`);
    namespaces.add(namespace);
    return namespace;
  };
  const filter = (host: NamedHost, script: string): void => {
    run('ip', ['netns', 'exec', host.namespace, 'nft', '-f', '-'], script);
  };
  const writeCuts = (host: NamedHost): void => {
    const rules = (cuts.get(host.namespace) ?? []).map(from => `add rule inet lan cut ip saddr ${from} drop`);
    filter(host, ['flush chain inet lan cut', ...rules].join('\n'));
  };
  const hosts: NamedHost[] = [];
  const named = (host: LanHost): NamedHost => {
    const found = hosts.find(each => each === host);
    if (found === undefined) throw new RangeError('this host is on another LAN');
    return found;
  };
  const cut = (one: LanHost, other: LanHost): void => {
    for (const [to, from] of [
      [named(one), named(other)],
      [named(other), named(one)],
    ] as const) {
      cuts.set(to.namespace, [...(cuts.get(to.namespace) ?? []), from.address]);
      writeCuts(to);
    }
  };

  // The last chance, when the process ends in the middle of a test.
  process.on('exit', down);
  try {
    const bridge = add('bridge');
    ip(['-n', bridge], 'link add bridge type bridge mcast_snooping 0', 'link set bridge up');
    for (let number = 1; number <= size; number++) {
      const host = createHost(add(String(number)), `10.77.0.${number}`);
      hosts.push(host);
      const { namespace, address } = host;
      const port = `port${number}`;
      ip(
        ['-n', bridge],
        `link add ${port} type veth peer name eth netns ${namespace}`,
        `link set ${port} master bridge up`,
      );
      ip(
        ['-n', namespace],
        'link set lo up',
        'link set eth up',
        `addr add ${address}/24 dev eth`,
        'route add 224.0.0.0/4 dev eth',
      );
      filter(host, table);
    }
  } catch (error) {
    down();
    throw error;
  }

  return {
    hosts,
    lose: share => {
      const last = Math.round(share * 1000) - 1;
      const rule = `add rule inet lan lost meta l4proto udp numgen random mod 1000 <= ${last} drop`;
      for (const host of hosts) filter(host, ['flush chain inet lan lost', last < 0 ? '' : rule].join('\n'));
    },
    cut,
    partition: (...groups) => {
      groups.forEach((group, index) => {
        for (const other of groups.slice(index + 1).flat()) for (const one of group) cut(one, other);
      });
    },
    heal: () => {
      cuts.clear();
      for (const host of hosts) writeCuts(host);
    },
    down,
  };
}

interface NamedHost extends LanHost {
  readonly namespace: string;
}

function createHost(namespace: string, address: string): NamedHost {
  return {
    namespace,
    address,
    // `ip netns exec` becomes the program, so that the process is the program's own.
    start: ({ pathname }, ...words) =>
      spawn('ip', ['netns', 'exec', namespace, process.execPath, pathname, ...words], {
        stdio: ['pipe', 'pipe', 'inherit'],
      }),
  };
}

function ip(options: readonly string[], ...commands: readonly string[]): void {
  run('ip', [...options, '-batch', '-'], commands.join('\n'));
}

function run(command: string, words: readonly string[], input?: string): void {
  execFileSync(command, words, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}
