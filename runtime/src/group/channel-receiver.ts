/** What a channel brings, on its way to the application: one message after the other. */
import type { ChannelMessage } from './channel.js';
import type { MemberAddress, MemberId } from './member.js';
import { Kind, type Message } from './message.js';
import { MessageQueue } from './message-queue.js';
import type { Top } from './top.js';
import { type GroupView, publicView } from './view.js';

/** What came by the channel, on its way to the application. */
export interface ChannelReceiver {
  /** Calls the listener from now on, for what waits first. */
  listen(listener: (message: ChannelMessage) => void | Promise<void>): void;
  /** Resolves when the application is done with all that came; what it did with it is in its state then. */
  settle(): Promise<void>;
}

/** Calls the application's listener for one message after the other. */
export function createChannelReceiver(top: Top): ChannelReceiver {
  let listener: ((message: ChannelMessage) => void | Promise<void>) | undefined;
  const waiting = new MessageQueue<{ readonly message: Message; readonly given: ChannelMessage }>();
  const settling: (() => void)[] = [];
  let isBusy = false;
  let view: GroupView | undefined;
  const addresses = new Map<MemberId, MemberAddress>();
  /** Who sent the last one: messages of one sender follow each other. */
  let sender: MemberId | undefined;
  let from: MemberAddress = '';

  top.subscribe(event => {
    if (event.type !== 'view') return;
    view = publicView(event.view);
    addresses.clear();
    sender = undefined;
    for (const { id, address } of event.view.members) addresses.set(id, address);
  });

  const hand = (message: Message, given: ChannelMessage): void => {
    top.consumed(message);
    try {
      const settled = listener!(given);
      if (typeof settled?.then !== 'function') return;
      isBusy = true;
      settled.then(resume, fail);
    } catch (error) {
      top.surface(error);
    }
  };
  const next = (): void => {
    while (!isBusy && listener !== undefined) {
      const first = waiting.shift();
      if (first === undefined) break;
      hand(first.message, first.given);
    }
    tellSettled();
  };
  const tellSettled = (): void => {
    if (isBusy || waiting.length > 0) return;
    for (const resolve of settling.splice(0)) resolve();
  };
  const resume = (): void => {
    isBusy = false;
    next();
  };
  const fail = (error: unknown): void => {
    top.surface(error);
    resume();
  };

  top.receive(Kind.channel, message => {
    if (message.sender !== sender) {
      sender = message.sender;
      from = addresses.get(sender) ?? sender.toString(16);
    }
    const given = { from, bytes: message.body, view: message.view === undefined ? undefined : view };
    if (listener === undefined || isBusy || waiting.length > 0) waiting.push({ message, given });
    else hand(message, given);
  });

  return {
    listen: given => {
      listener = given;
      next();
    },
    settle: () =>
      new Promise(resolve => {
        settling.push(resolve);
        tellSettled();
      }),
  };
}
