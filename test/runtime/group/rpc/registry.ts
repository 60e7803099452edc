/** The service that tests of group RPC call: notes what it executes, and lets tests hold its procedures back. */
import {
  ClosedRegistry,
  type ClosedRegistryClient,
  Failure,
  NoSuchKey,
  type RegistryService,
  Taken,
} from '../../../../generated/testing/registry/index.js';
import { RpcDispatcher } from '../../../../runtime/src/group/rpc/rpc-dispatcher.js';
import type { CallContext } from '../../../../runtime/src/schema/description.js';
import { CallError } from '../../../../runtime/src/schema/errors.js';
import { implement } from '../../../../runtime/src/schema/implement.js';
import { FakeGroup, type FakePort } from './fake-group.js';

export class TestRegistry implements RegistryService {
  /** What was executed, in its order. */
  readonly log: string[] = [];
  readonly contexts: CallContext[] = [];
  readonly values = new Map<string, string>();
  /** Called in `work`; its promise is what `work` waits for. */
  onWork: (ctx: CallContext) => unknown = () => undefined;
  onPing: (ctx: CallContext) => unknown = () => undefined;

  note(line: string, ctx: CallContext): void {
    this.begun(`note ${line}`, ctx);
  }

  probe(line: string, ctx: CallContext): number {
    return this.begun(`probe ${line}`, ctx);
  }

  get(key: string, ctx: CallContext): string {
    this.begun(`get ${key}`, ctx);
    const value = this.values.get(key);
    if (value === undefined) throw new NoSuchKey({ key });
    return value;
  }

  async ping(ctx: CallContext): Promise<number> {
    const count = this.begun('ping', ctx);
    await this.onPing(ctx);
    return count;
  }

  put(key: string, value: string, ctx: CallContext): number {
    this.begun(`put ${key}`, ctx);
    const before = this.values.get(key);
    if (before !== undefined) throw new Taken({ key, value: before });
    this.values.set(key, value);
    return this.values.size;
  }

  append(line: string, copies: number, ctx: CallContext): number {
    ctx.replyMetadata = { copies };
    return this.begun(`append ${line} ${copies}`, ctx);
  }

  say(line: string, to: string | undefined, ctx: CallContext): string[] {
    this.begun(`say ${line} ${to}`, ctx);
    return [...this.log];
  }

  forget(key: string, ctx: CallContext): void {
    this.begun(`forget ${key}`, ctx);
    this.values.delete(key);
  }

  fail(how: Failure, ctx: CallContext): void {
    this.begun(`fail ${how}`, ctx);
    if (how === Failure.declared) throw new NoSuchKey({ key: 'declared' });
    if (how === Failure.chosen) throw new CallError('aborted', 'chosen', { outcome: 'not-executed' });
    throw new Error('a surprise');
  }

  async work(time: number, ctx: CallContext): Promise<number> {
    const count = this.begun(`work ${time}`, ctx);
    await this.onWork(ctx);
    this.log.push(`worked ${time}`);
    return count;
  }

  echo(load: Uint8Array, ctx: CallContext): Uint8Array {
    this.begun(`echo ${load.length}`, ctx);
    return load;
  }

  watch(): never {
    throw new Error('is left out of groups');
  }

  private begun(what: string, ctx: CallContext): number {
    this.contexts.push(ctx);
    return this.log.push(what);
  }
}

export interface TestMember {
  readonly registry: TestRegistry;
  readonly rpc: RpcDispatcher;
  readonly port: FakePort;
  readonly client: ClosedRegistryClient;
  readonly address: string;
  /** What `onError` was told. */
  readonly errors: unknown[];
}

export function createMember(group: FakeGroup): TestMember {
  const registry = new TestRegistry();
  const errors: unknown[] = [];
  const rpc = new RpcDispatcher({
    services: [implement(ClosedRegistry, registry)],
    onError: error => errors.push(error),
  });
  const port = group.port(rpc);
  return { registry, rpc, port, client: rpc.client(ClosedRegistry), address: port.self.address, errors };
}

/** So many members, in one view. */
export function createGroup(size: number): { group: FakeGroup; members: TestMember[] } {
  const group = new FakeGroup();
  const members = Array.from({ length: size }, () => createMember(group));
  group.install([...members.map(({ port }) => port)]);
  return { group, members };
}
