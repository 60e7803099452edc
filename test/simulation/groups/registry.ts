/** A group of members that execute calls: each does as the scenario has planned for it, and the judge is told. */
import { CallError, implement } from '@convoke/runtime';
import type { CallContext } from '@convoke/runtime/codegen';
import { openGroup } from '@convoke/runtime/services';
import {
  ClosedRegistry,
  type ClosedRegistryClient,
  Failure,
  NoSuchKey,
  OpenRegistry,
  type OpenRegistryClient,
  type RegistryService,
} from '../../../generated/testing/registry/index.js';
import type { GroupCallOptions, Reply } from '../../../runtime/src/schema/group.js';
import type { Actor } from './actor.js';
import { type GroupStage, groupName } from './stage.js';

const outsidePort = 7500;

/** A member that executes calls, and makes them. */
export class Registry {
  readonly actor: Actor;
  readonly client: ClosedRegistryClient;

  constructor(actor: Actor, client: ClosedRegistryClient) {
    this.actor = actor;
    this.client = client;
  }

  get name(): string {
    return this.actor.name;
  }
}

/** What a member does with a call before it answers. */
export type Plan = (name: string, line: string, ctx: CallContext) => Promise<void> | void;

export class RegistryGroup {
  /** By host. */
  plan: Plan = () => {};
  readonly members: Registry[] = [];
  /** How often `echo` was executed. */
  echoes = 0;
  private readonly stage: GroupStage;
  private calls = 0;

  private readonly access: 'open' | 'closed';

  constructor(stage: GroupStage, access: 'open' | 'closed' = 'closed') {
    this.stage = stage;
    this.access = access;
  }

  async join(name: string): Promise<Registry> {
    const addressed: { actor?: Actor } = {};
    const services = [
      implement(
        this.access === 'open' ? OpenRegistry : ClosedRegistry,
        this.service(name, () => addressed.actor!.address),
      ),
    ];
    addressed.actor = await this.stage.join(name, { services, onError: () => {} });
    const registry = new Registry(addressed.actor, addressed.actor.member.client(ClosedRegistry));
    this.members.push(registry);
    return registry;
  }

  /** Lets those who are no members call by way of this member, and has them do so from a host that is in no part. */
  async openAt(name: string): Promise<void> {
    const { member } = this.stage.actor(name);
    await this.stage
      .host(name)
      .serve({ listen: `udp://${name}:${outsidePort}`, services: [openGroup(member)] });
  }

  /** A client on a host without a member, which reaches the group by way of these. */
  async outside(names: string): Promise<OpenRegistryClient> {
    const places = [...names].map(name => `${name}:${outsidePort}`).join(',');
    const channel = await this.stage.host('outside').connect(`group://${places}/${groupName}`);
    return channel.client(OpenRegistry);
  }

  memberOn(name: string): Registry {
    return this.members.find(each => each.name === name)!;
  }

  async joinAll(names: string): Promise<Registry[]> {
    for (const name of names) await this.join(name);
    await this.stage.viewOf(names);
    return this.members;
  }

  /** A call that the judge knows of; a failure of the whole call is thrown. */
  async call<Result>(
    { actor }: Registry,
    replies: number | 'all',
    deadline: number,
    make: (key: string, options: GroupCallOptions<'total'>) => Promise<Reply<Result>[]>,
  ): Promise<Reply<Result>[]> {
    const { calls } = this.stage.judge;
    const key = `call ${++this.calls}`;
    calls.begin({ key, caller: actor.address, replies, until: this.stage.world.now + deadline });
    try {
      const told = await make(key, { deadline });
      calls.end(key, told);
      return told;
    } catch (error) {
      calls.fail(key);
      throw error;
    }
  }

  private service(name: string, address: () => string): RegistryService {
    const { calls } = this.stage.judge;
    const execute = async (line: string, ctx: CallContext): Promise<number> => {
      calls.execute(line, address());
      await this.plan(name, line, ctx);
      return 1;
    };
    const none = () => {
      throw new CallError('unimplemented', 'not in these scenarios', { outcome: 'not-executed' });
    };
    return {
      append: (line, _, ctx) => execute(line, ctx),
      put: (key, _, ctx) => execute(key, ctx),
      get: async (key, ctx) => `${await execute(key, ctx)}`,
      say: async (line, _, ctx) => [`${await execute(line, ctx)}`],
      forget: async (key, ctx) => void (await execute(key, ctx)),
      echo: load => {
        this.echoes++;
        return load;
      },
      ping: () => 1,
      fail: how => {
        if (how === Failure.declared) throw new NoSuchKey({ key: name });
        throw new CallError('data-loss', name, { outcome: 'executed' });
      },
      note: none,
      probe: none,
      work: none,
      watch: none,
    };
  }
}
