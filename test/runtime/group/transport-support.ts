import { createDirectory } from '../../../runtime/src/group/directory.js';
import type { GroupEvent, LayerSpec } from '../../../runtime/src/group/layer.js';
import { createMember, drawMemberId, everyone, type MemberId } from '../../../runtime/src/group/member.js';
import { type Batch, Kind, Message } from '../../../runtime/src/group/message.js';
import { composeStack, type Stack } from '../../../runtime/src/group/stack.js';
import type { Platform } from '../../../runtime/src/platform/platform.js';

/** A stack of few layers, and what leaves it at the top. */
export interface Bare {
  readonly stack: Stack;
  readonly id: MemberId;
  readonly batches: Batch[];
  readonly events: GroupEvent[];
  /** What came up, as text. */
  readonly texts: () => string[];
  readonly drops: () => Record<string, number>;
  /** Sends a text that may be lost. */
  say(text: string, target?: MemberId): void;
}

export function bareStack(platform: Platform, layers: readonly LayerSpec[], group = 'ledger'): Bare {
  const directory = createDirectory(platform.clock);
  const id = drawMemberId(platform.random);
  const batches: Batch[] = [];
  const events: GroupEvent[] = [];
  const stack = composeStack({
    group,
    platform,
    self: createMember(id, { host: '0.0.0.0', port: 0 }),
    directory,
    layers,
    up: batch => batches.push(batch),
    on: event => events.push(event),
  });
  return {
    stack,
    id,
    batches,
    events,
    texts: () => batches.flat().map(({ body }) => Buffer.from(body).toString()),
    drops: () => Object.fromEntries(stack.drops),
    say: (text, target = everyone) => stack.down([new Message(Kind.channel, id, target, Buffer.from(text))]),
  };
}
