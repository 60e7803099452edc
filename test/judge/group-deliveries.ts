/** Judges each delivery: whose message it is, in which view it comes, and after which others. */
import {
  compareIds,
  currentStay,
  type GroupHistory,
  type JudgedMember,
  type SentMessage,
  type Stay,
} from './group-history.js';
import { checksumOf, type Payload, readPayload } from './group-payload.js';
import type { Complain } from './group-views.js';

const keyOf = ({ sender, number }: Payload): string => `${sender}#${number}`;

export class DeliveryJudge {
  private readonly history: GroupHistory;
  private readonly complain: Complain;

  constructor(history: GroupHistory, complain: Complain) {
    this.history = history;
    this.complain = complain;
  }

  /** A member is about to multicast. @returns what undoes it, should sending throw */
  send(payload: Payload, bytes: Uint8Array): () => void {
    const member = this.history.member(payload.sender);
    const { order, safe, sender } = payload;
    const isOrdered = order !== 'unordered';
    if (isOrdered) member.ordered++;
    const message: SentMessage = {
      key: keyOf(payload),
      sender,
      order,
      safe,
      checksum: checksumOf(bytes),
      place: isOrdered ? member.ordered : member.sent.length + 1 - member.ordered,
      sentIn: currentStay(member)!.view,
      past: new Map(member.past),
      view: undefined,
    };
    member.sent.push(message);
    this.history.messages.set(message.key, message);
    return () => {
      member.sent.pop();
      if (isOrdered) member.ordered--;
      this.history.messages.delete(message.key);
    };
  }

  /** A member tells that a multicast reached its application. */
  deliver(address: string, from: string, bytes: Uint8Array): void {
    const payload = readPayload(bytes);
    const message = payload && this.history.messages.get(keyOf(payload));
    if (message === undefined || message.sender !== from) {
      this.complain(`${address} delivers what nobody sent, in the name of ${from}`);
      return;
    }
    const told = `${address} delivers ${message.key} (${message.order}${message.safe ? ', safe' : ''})`;
    if (message.checksum !== checksumOf(bytes)) this.complain(`${told}, altered`);
    const member = this.history.member(address);
    if (member.delivered.has(message)) this.complain(`${told} twice`);
    const stay = currentStay(member);
    if (stay === undefined || member.fate !== 'alive') {
      this.complain(`${told} outside of any view (${member.fate})`);
      return;
    }
    this.judgeView(told, message, stay);
    if (message.order !== 'unordered') this.judgeSequence(told, message, stay);
    if (message.order === 'causal') this.judgePast(told, message, stay);
    this.note(member, stay, message);
  }

  /** A joiner was given a state that contains what these messages brought about: it is not delivered them as well. */
  contain(address: string, keys: readonly string[]): void {
    const member = this.history.member(address);
    const stay = currentStay(member)!;
    for (const key of keys) {
      const message = this.history.messages.get(key);
      if (message === undefined) this.complain(`the state of ${address} contains ${key}, which nobody sent`);
      else if (message.view?.id === stay.view.id) this.note(member, stay, message);
    }
  }

  /** When a member leaves a view: the unordered messages of each sender that it delivered there have no gap. */
  leaveView({ view, member, delivered }: Stay): void {
    const places = new Map<string, number[]>();
    for (const { order, sender, place } of delivered) {
      if (order !== 'unordered') continue;
      const of = places.get(sender);
      if (of === undefined) places.set(sender, [place]);
      else of.push(place);
    }
    for (const [sender, of] of places) {
      if (Math.max(...of) - Math.min(...of) >= of.length)
        this.complain(`${member} leaves view ${view.id} with a gap in what ${sender} sent unordered`);
    }
  }

  /** When nothing is under way any more. */
  verify(): void {
    this.judgeFirsts();
    for (const { address, fate, leaving, sent, delivered } of this.history.members.values()) {
      if (fate !== 'alive' || leaving) continue;
      const missed = sent.find(message => !delivered.has(message));
      if (missed !== undefined) this.complain(`${address} lives, and never delivered its own ${missed.key}`);
    }
  }

  private note(member: JudgedMember, stay: Stay, message: SentMessage): void {
    member.delivered.add(message);
    stay.delivered.add(message);
    if (message.order === 'total') stay.total.push(message);
    if (message.order === 'unordered') return;
    if (!stay.first.has(message.sender)) stay.first.set(message.sender, message);
    stay.last.set(message.sender, message);
    member.past.set(message.sender, message);
  }

  private judgeView(told: string, message: SentMessage, { view }: Stay): void {
    if (!view.members.includes(message.sender))
      this.complain(`${told} in ${view.id}, which lacks its sender`);
    message.view ??= view;
    if (message.view.id !== view.id)
      this.complain(`${told} in ${view.id}, and others did in ${message.view.id}`);
    if (compareIds(view.id, message.sentIn.id) < 0)
      this.complain(`${told} in ${view.id}, before ${message.sentIn.id} in which it was sent`);
  }

  /** Ordered messages of a sender come one after the other, none left out. */
  private judgeSequence(told: string, message: SentMessage, { last }: Stay): void {
    const before = last.get(message.sender);
    if (before !== undefined && message.place !== before.place + 1)
      this.complain(`${told}, its sender's number ${message.place}, right after number ${before.place}`);
  }

  /** What its sender had delivered before it sent comes first, where it belongs to the same view. */
  private judgePast(told: string, message: SentMessage, { view, last }: Stay): void {
    for (const [sender, before] of message.past) {
      if (before.view?.id !== view.id) continue;
      if ((last.get(sender)?.place ?? 0) < before.place)
        this.complain(`${told} before its cause ${before.key}`);
    }
  }

  /** What a member delivered first of a sender in a view is the first that counts as sent there. */
  private judgeFirsts(): void {
    const least = new Map<string, SentMessage>();
    for (const message of this.history.messages.values()) {
      if (message.view === undefined || message.order === 'unordered') continue;
      const of = `${message.view.id} ${message.sender}`;
      const known = least.get(of);
      if (known === undefined || message.place < known.place) least.set(of, message);
    }
    for (const stays of this.history.stays.values()) {
      for (const { member, view, first } of stays) {
        for (const [sender, message] of first) {
          const expected = least.get(`${view.id} ${sender}`)!;
          if (expected !== message)
            this.complain(
              `${member} begins ${view.id} with ${message.key}, and ${expected.key} was before it`,
            );
        }
      }
    }
  }
}
