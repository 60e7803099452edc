/**
 * Who may ask to join. A question is answered with a token that only its own address gets; only who sends that back is
 * admitted. So forged requests cost neither memory nor a view (compare the cookies of RFC 6347, section 4.2.1).
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { LayerContext } from '../layer.js';
import type { Member } from '../member.js';

/** Questions that are answered within a second. */
const answersPerSecond = 500;
/** Members that may wait for the next view. */
export const mostJoining = 256;

export class Admission {
  private readonly secret: Uint8Array;
  private readonly context: LayerContext;
  private second = 0;
  private answers = 0;

  constructor(context: LayerContext) {
    this.context = context;
    this.secret = context.random.bytes(32);
  }

  /** Below 2^48, and not 0. */
  tokenFor(member: Member): number {
    return this.digest(member).readUIntBE(0, 6) || 1;
  }

  isToken(member: Member, token: number): boolean {
    const given = Buffer.alloc(6);
    given.writeUIntBE(token, 0, 6);
    const expected = Buffer.alloc(6);
    expected.writeUIntBE(this.tokenFor(member), 0, 6);
    return timingSafeEqual(given, expected);
  }

  /** False: there were too many lately, and this one is dropped. */
  mayAnswer(): boolean {
    const second = Math.floor(this.context.clock.now() / 1000);
    if (second !== this.second) {
      this.second = second;
      this.answers = 0;
    }
    if (++this.answers <= answersPerSecond) return true;
    this.context.count('flood');
    return false;
  }

  private digest({ id, at }: Member): Buffer {
    return createHmac('sha256', this.secret).update(`${id} ${at.host} ${at.port}`).digest();
  }
}
