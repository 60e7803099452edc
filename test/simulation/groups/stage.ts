/** What every scenario of groups plays on: a world, hosts whose processes are members, and the judge of groups. */
import type { JoinOptions } from '@convoke/runtime/group';
import { type Host, type SimulationOptions, simulate, type World } from '@convoke/runtime/testing';
import { GroupJudge } from '../../judge/group-judge.js';
import { Actor, type ActorOptions, type Manner } from './actor.js';
import { Troubles } from './troubles.js';

/** Where the group is, unless a scenario says otherwise. */
export const groupAddress = 'udp+multicast://239.255.0.1:7400';
export const groupName = 'stage';

/** Milliseconds of virtual time after which what is waited for does not come any more. */
const patience = 60_000;
/** How often is looked whether it is there. */
/** Longer than by default: in the worst of it, one silent death after the other holds joins up. */
const joinTime = 120_000;
const glance = 5;
/** How long it takes at the most until nothing is under way any more. */
const aftermath = 3000;

export interface Scenario {
  /** Its number in the list of scenarios that groups must survive; 0: the mixture. */
  readonly number: number;
  readonly title: string;
  readonly faults?: SimulationOptions;
  /** Takes long, so fewer seeds of it are run. */
  readonly large?: boolean;
  run(stage: GroupStage): Promise<void>;
}

export type Crash = 'crash' | 'kill';

export class GroupStage {
  readonly world: World;
  readonly judge: GroupJudge;
  readonly troubles: Troubles;
  /** All that ever joined. */
  readonly actors: Actor[] = [];
  /** Whether the network is whole when a scenario ends, so that one view is to be expected. */
  isWhole = true;
  private readonly hosts = new Map<string, string>();
  private readonly current = new Map<string, Actor>();
  private readonly parted = new Set<string>();
  private readonly pausedUntil = new Map<string, number>();
  /** Joins that were begun, and the incarnations that began them. */
  private readonly joining = new Set<{ readonly host: Host; readonly platform: Host['platform'] }>();

  constructor(scenario: Scenario, seed: number) {
    this.world = simulate({
      latency: [1, 5],
      trace: false,
      timeLimit: 20 * 60_000,
      ...scenario.faults,
      seed: `group ${scenario.number}/${seed}`,
    });
    const now = () => this.world.now;
    this.troubles = new Troubles(
      now,
      member => this.hosts.get(member.slice(0, member.lastIndexOf(':'))) ?? '',
    );
    this.judge = new GroupJudge(this.troubles, now);
  }

  /** A number in [0, 1) that follows from the seed. */
  random(): number {
    return this.world.host('director').platform.random.next();
  }

  /** A whole number from `least` to `most`. */
  between(least: number, most: number): number {
    return least + Math.floor((most - least + 1) * this.random());
  }

  pick<T>(from: readonly T[]): T {
    return from[Math.floor(this.random() * from.length)]!;
  }

  /** The same things in another order. */
  shuffle<T>(things: readonly T[]): T[] {
    return things
      .map(thing => ({ thing, by: this.random() }))
      .sort((one, other) => one.by - other.by)
      .map(({ thing }) => thing);
  }

  host(name: string): Host {
    const host = this.world.host(name);
    this.hosts.set(host.address, name);
    return host;
  }

  /** The member that runs on this host, or the last that did. */
  actor(name: string): Actor {
    const actor = this.current.get(name);
    if (actor === undefined) throw new Error(`nobody on host ${name} has joined`);
    return actor;
  }

  /** Those that are in the group, as far as they and the stage know. */
  get living(): Actor[] {
    return this.actors.filter(({ isAlive }) => isAlive);
  }

  async join(
    name: string,
    options: Partial<JoinOptions> = {},
    { address = groupAddress, ...told }: { readonly address?: string | undefined } & ActorOptions = {},
  ): Promise<Actor> {
    const host = this.host(name);
    const { platform } = host;
    const attempt = { host, platform };
    this.joining.add(attempt);
    const member = await host
      .join(address, { name: groupName, timeout: joinTime, ...options })
      .finally(() => this.joining.delete(attempt));
    const actor = new Actor(name, member, this.judge, told);
    // Its process may have ended while it joined.
    if (host.platform !== platform || !host.isUp) {
      actor.end = 'crashed';
      this.judge.crash(member.address);
    }
    this.actors.push(actor);
    this.current.set(name, actor);
    return actor;
  }

  /** Whether a join that began on this host may still succeed. */
  isJoining(name: string): boolean {
    return [...this.joining].some(
      ({ host, platform }) => host.name === name && host.isUp && host.platform === platform,
    );
  }

  /** Has all of them join one after the other, so that their ranks are known, and waits for their view. */
  async joinAll(names: Iterable<string>, options: Partial<JoinOptions> = {}): Promise<Actor[]> {
    const joined: Actor[] = [];
    for (const name of names) joined.push(await this.join(name, options));
    await this.viewOf(names);
    return joined;
  }

  /** Lets something go on beside the scenario, which fails with it. */
  aside(work: Promise<unknown>): void {
    work.catch(error => this.judge.onViolation(error instanceof Error ? error.message : String(error)));
  }

  /** Waits until a condition holds. @throws Error when that takes longer than `limit` milliseconds */
  async until(what: string, condition: () => boolean, limit = patience): Promise<void> {
    const end = this.world.now + limit;
    while (!condition()) {
      if (this.world.now >= end) throw new Error(`${what}: not within ${limit} ms\n${this.picture()}`);
      await this.world.sleep(glance);
    }
  }

  /** Waits until all of them have one view, of exactly these. */
  async viewOf(names: Iterable<string>, limit = patience): Promise<void> {
    const actors = [...names].map(name => this.actor(name));
    await this.until(`a view of ${[...names].join('')}`, () => this.haveOneView(actors), limit);
  }

  /** Waits until each of them has delivered so many messages. */
  async delivered(actors: readonly Actor[], count: number, limit = patience): Promise<void> {
    const done = () => actors.every(({ delivered }) => delivered.length >= count);
    await this.until(`${count} messages at ${actors.map(({ name }) => name).join('')}`, done, limit);
  }

  /** Has each of them send so many messages, with pauses of about `pause` milliseconds, as long as it is a member. */
  async traffic(
    actors: readonly Actor[],
    count: number,
    manner: Manner | (() => Manner) = {},
    pause = 10,
  ): Promise<void> {
    const each = async (actor: Actor): Promise<void> => {
      for (let sent = 0; sent < count && actor.isAlive; sent++) {
        if (pause > 0) await this.world.sleep(2 * pause * this.random());
        await this.send(actor, typeof manner === 'function' ? manner() : manner);
      }
    };
    await Promise.all(actors.map(each));
  }

  /** Sends one message as soon as there is room. False: its member is none any more. */
  async send(actor: Actor, manner: Manner = {}): Promise<boolean> {
    await this.until(`room at ${actor.name}`, () => !actor.isAlive || actor.member.writable);
    if (!actor.isAlive) return false;
    actor.send(manner);
    return true;
  }

  /** The process of a member ends without a word; with it the machine, or its system tells the others. */
  fail(name: string, how: Crash = 'crash'): void {
    const host = this.host(name);
    if (how === 'crash') host.crash();
    else host.kill();
    this.judge.note('world:', how, host.address);
    this.pausedUntil.delete(name);
    this.troubles.begin(name, 'down');
    for (const actor of this.actors) {
      if (actor.name !== name || !actor.isAlive) continue;
      actor.end = 'crashed';
      this.judge.crash(actor.address);
    }
  }

  /** The host runs again; nothing on it has joined yet. */
  restart(name: string): void {
    this.host(name).restart();
    this.troubles.end(name, 'down');
  }

  pause(name: string, duration: number): void {
    const host = this.host(name);
    host.pause(duration);
    this.pausedUntil.set(name, this.world.now + duration);
    this.judge.note('world: pause', host.address, duration);
    this.troubles.begin(name, 'paused', this.world.now + duration);
  }

  /** Cuts the network into these parts; letters are names of hosts. */
  partition(...parts: readonly string[]): void {
    this.world.partition(...parts.map(part => [...part]));
    this.judge.note('world: partition', ...parts);
    for (const name of parts.join('')) {
      if (this.parted.has(name)) continue;
      this.parted.add(name);
      this.troubles.begin(name, 'parted');
    }
  }

  heal(): void {
    this.world.heal();
    this.judge.note('world: whole');
    for (const name of this.parted) this.troubles.end(name, 'parted');
    this.parted.clear();
  }

  /** Waits until nothing is under way any more, judges, and has everybody leave. */
  async end(): Promise<void> {
    this.heal();
    this.world.faults({ loss: 0, duplicate: 0, reorder: 0, corrupt: 0 });
    const resumed = Math.max(0, ...this.pausedUntil.values());
    if (resumed > this.world.now) await this.world.sleep(resumed - this.world.now);
    await this.until('the end of all joins', () =>
      [...this.hosts.values()].every(name => !this.isJoining(name)),
    );
    const groups = new Map<string, Actor[]>();
    for (const actor of this.living) {
      const group = this.groupOf(actor);
      groups.set(group, [...(groups.get(group) ?? []), actor]);
    }
    if (this.isWhole) {
      await this.until('one view of all that live', () =>
        [...groups.values()].every(group => this.haveOneView(group.filter(({ isAlive }) => isAlive))),
      );
    }
    await this.world.sleep(aftermath);
    for (const { member, address } of this.living) this.judge.drained(address, member.stats().buffered);
    this.judge.verify();
    await Promise.all(this.living.map(actor => actor.leave()));
  }

  /** In which group an actor is, of several on one stage. */
  groupOf: (actor: Actor) => string = () => groupName;

  /** Who sees what, for messages about failures. */
  picture(): string {
    const line = ({ name, address, end, member }: Actor) =>
      `${name} ${address}: ${end ?? `${member.view.id} of ${member.view.members.join(', ')}`}`;
    return this.actors.map(line).join('\n');
  }

  private haveOneView(actors: readonly Actor[]): boolean {
    const [first] = actors;
    if (first === undefined) return true;
    const { id, members } = first.member.view;
    return (
      members.length === actors.length &&
      actors.every(
        ({ isAlive, member, address }) => isAlive && member.view.id === id && members.includes(address),
      )
    );
  }
}

/** Plays a scenario once. @throws Error that names the seed */
export async function play(scenario: Scenario, seed: number): Promise<void> {
  const stage = new GroupStage(scenario, seed);
  const violated = new Promise<never>((_, reject) => {
    stage.judge.onViolation = what => reject(new Error(what));
  });
  try {
    await stage.world.run(() => Promise.race([scenario.run(stage).then(() => stage.end()), violated]));
  } catch (error) {
    const notes = process.env.GROUP_NOTES === undefined ? '' : `\n${stage.judge.recent}`;
    throw new Error(`${scenario.number}: ${scenario.title}, seed ${seed}${notes}`, { cause: error });
  }
  const [violation] = stage.judge.violations;
  if (violation !== undefined) throw new Error(`${scenario.number}, seed ${seed}: ${violation}`);
}
