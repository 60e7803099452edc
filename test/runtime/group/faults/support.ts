/** One fault layer, and messages that are told apart by their numbers. */
import type { LayerSpec } from '../../../../runtime/src/group/layer.js';
import { everyone } from '../../../../runtime/src/group/member.js';
import { Kind, type Message } from '../../../../runtime/src/group/message.js';
import { type Bench, bench, message } from '../layer-bench.js';

export const [self, other, third] = [1, 2, 3];

export const start = (layer: LayerSpec, seed = 0): Bench => bench({ layers: [layer], self, seed });

export const numbered = (count: number, from = other): Message[] =>
  Array.from({ length: count }, (_, index) => message(Kind.channel, from, everyone, String(index)));

export const texts = (messages: readonly Message[]): string[] =>
  messages.map(({ body }) => Buffer.from(body).toString());

export const inOrder = (count: number): string[] => texts(numbered(count));
