/** What every scenario plays on: a world, a host `server` that keeps the ledger, hosts that call it, and the judge. */
import {
  type CallOptions,
  type Channel,
  type ConnectOptions,
  implement,
  type ServeOptions,
  type Server,
} from '@convoke/runtime';
import {
  type Packet,
  type SimulationOptions,
  simulate,
  simulatedAuthority,
  type World,
} from '@convoke/runtime/testing';
import {
  Feed,
  type FeedClient,
  type FeedService,
  Ledger,
  type LedgerClient,
} from '../../generated/testing/ledger/index.js';
import { FeedOracle, type StreamEnd, type StreamPlan } from '../judge/feed-oracle.js';
import { JudgedCalls, type LedgerProcedure } from '../judge/judged-calls.js';
import { bears, type FrameName, framesOf } from './wire.js';

export const port = 7000;

/** Milliseconds after which nothing of a scenario is under way any more; longer than a lease. */
const aftermath = 130_000;

export type Procedure = LedgerProcedure;

export interface Scenario {
  /** Its number in the list of cases that calls must survive. */
  readonly number: number;
  readonly title: string;
  readonly faults?: SimulationOptions;
  /** Takes long, so fewer seeds of it are run. */
  readonly large?: boolean;
  /** Over `udps:` and `tls:` instead of `udp:` and `tcp:`, each host with a certificate of its own. */
  readonly secured?: boolean;
  run(stage: Stage): Promise<void>;
}

const authority = simulatedAuthority('Stage');

/** Whom a host trusts, and who it is. */
export const identityOf = (host: string) => ({ ca: authority.ca, ...authority.issue(host) });

type Scheme = 'udp' | 'tcp';

const secure = { udp: 'udps', tcp: 'tls' } as const;

export class Stage extends JudgedCalls {
  readonly world: World;
  readonly feedOracle = new FeedOracle();
  /** Between 0 and 1: how much of a large scenario is played. */
  readonly share: number;
  private readonly secured: boolean;
  private readonly servers: Server[] = [];
  private readonly channels: Channel[] = [];

  constructor(scenario: Scenario, seed: number, share: number) {
    super();
    this.world = simulate({
      latency: [1, 10],
      trace: false,
      ...scenario.faults,
      seed: `${scenario.number}/${seed}`,
    });
    this.share = share;
    this.secured = scenario.secured ?? false;
  }

  /** A number in [0, 1) that follows from the seed. */
  random(): number {
    return this.world.host('director').platform.random.next();
  }

  /** Starts, or starts anew, a server of the ledger. */
  async serve(options: Partial<ServeOptions> = {}, host = 'server'): Promise<Server> {
    const on = this.world.host(host);
    const { clock } = on.platform;
    const sleep = (milliseconds: number) =>
      new Promise<void>(resolve => void clock.setTimer(milliseconds, resolve));
    const server = await on.serve({
      ...(this.secured
        ? { listen: `udps://${host}:${port}`, tls: identityOf(host) }
        : { listen: [`udp://${host}:${port}`, `tcp://${host}:${port}`] }),
      services: [
        implement(Ledger, this.oracle.service(sleep)),
        implement(Feed, this.feedOracle.service(sleep)),
      ],
      onError: () => {},
      ...options,
    });
    this.servers.push(server);
    return server;
  }

  /** The server's process ends without a word, and another begins in its place. */
  async restart(downFor = 0, options: Partial<ServeOptions> = {}): Promise<Server> {
    const host = this.world.host('server');
    host.crash();
    await this.world.sleep(downFor);
    host.restart();
    return this.serve(options);
  }

  async connect(scheme: Scheme = 'udp', host = 'client', options: ConnectOptions = {}): Promise<Channel> {
    const channel = await this.world
      .host(host)
      .connect(`${this.secured ? secure[scheme] : scheme}://server:${port}`, {
        ...(this.secured ? { tls: identityOf(host) } : {}),
        ...options,
      });
    this.channels.push(channel);
    return channel;
  }

  /** A channel to several servers. */
  async connectTo(addresses: string | readonly string[], options: ConnectOptions = {}): Promise<Channel> {
    const channel = await this.world.host('client').connect(addresses, options);
    this.channels.push(channel);
    return channel;
  }

  async client(scheme: Scheme = 'udp', host = 'client'): Promise<LedgerClient> {
    return (await this.connect(scheme, host)).client(Ledger);
  }

  async feed(scheme: 'udp' | 'tcp' = 'udp', host = 'client'): Promise<FeedClient> {
    return (await this.connect(scheme, host)).client(Feed);
  }

  /** A call with streams, as planned, of which the judge knows. */
  stream(
    client: FeedClient,
    name: keyof FeedService,
    plan: StreamPlan,
    options: CallOptions = {},
  ): Promise<StreamEnd> {
    return this.feedOracle.call(client, name, plan, milliseconds => this.world.sleep(milliseconds), options);
  }

  /** Drops the first `count` datagrams that bear such a frame of each call. */
  dropFirst(name: FrameName, count: number): void {
    const seen = new Map<number, number>();
    this.world.intercept(packet => {
      const frame = framesOf(packet).find(each => each.name === name);
      if (frame === undefined) return undefined;
      const before = seen.get(frame.number) ?? 0;
      seen.set(frame.number, before + 1);
      return before < count ? 'drop' : undefined;
    });
  }

  /** The datagrams with such a frame that are sent from now on. */
  capture(name: FrameName): Packet[] {
    const captured: Packet[] = [];
    this.world.onPacket((packet, fate) => {
      if (fate === 'sent' && bears(packet, name)) captured.push(packet);
    });
    return captured;
  }

  /** Lets captured datagrams arrive again. */
  replay(packets: readonly Packet[], delay = 0): void {
    for (const { from, to, data } of packets) this.world.inject({ from, to, data }, delay);
  }

  /** Waits until nothing is under way, judges, and closes. */
  async end(): Promise<void> {
    await this.world.sleep(aftermath);
    this.oracle.verify();
    this.feedOracle.verify();
    await Promise.all(this.channels.map(channel => channel.close()));
    await Promise.all(this.servers.map(server => server.close()));
  }
}

/** Plays a scenario once; the world's trace is returned, where the scenario keeps one. @throws Error that names the seed */
export async function play(scenario: Scenario, seed: number, share = 1): Promise<string> {
  const stage = new Stage(scenario, seed, share);
  await stage.world.run(async () => {
    await scenario.run(stage);
    await stage.end();
  });
  return stage.world.trace;
}
