/** The grammar of what stands in the bodies of groups. */
import type { IToken } from 'chevrotain';
import { diagnostics } from '../diagnostics/catalogue.js';
import { closest } from '../diagnostics/suggest.js';
import { InterfaceGrammar } from './interface-grammar.js';
import * as t from './tokens.js';
import type { GroupNode, GroupPolicyNode, MissingNode, NameNode, RepliesNode, WordNode } from './tree.js';
import { type Access, accessWords, type DeliveryOrder, orderWords, replyWords } from './words.js';

const policyWords = ['order', 'replies'];

const settingWords = ['access', ...policyWords];

type Draft<Node> = { -readonly [Key in keyof Node]: Node[Key] };

/** What holds for all procedures of a group, and what one of them has of its own. */
type Settings = Draft<Pick<GroupNode, 'access' | 'order' | 'replies'>>;
type PolicySettings = Draft<Pick<GroupPolicyNode, 'order' | 'replies'>>;

type GroupBody = Settings & { policies: GroupPolicyNode[] };

export abstract class GroupGrammar extends InterfaceGrammar {
  protected readonly groupBody = this.RULE('groupBody', (declaration: IToken): GroupBody => {
    const body: GroupBody = { access: undefined, order: undefined, replies: undefined, policies: [] };
    const setting = (read: () => void) => ({ GATE: () => !this.#atPolicy(), ALT: read });
    const member = () =>
      this.scope(() => {
        this.OR({
          IGNORE_AMBIGUITIES: true,
          DEF: [
            setting(() => {
              this.#checkFirst(body.access);
              body.access = this.SUBRULE(this.#access);
            }),
            setting(() => {
              this.#checkFirst(body.order);
              body.order = this.SUBRULE(this.#order);
            }),
            setting(() => {
              this.#checkFirst(body.replies);
              body.replies = this.SUBRULE(this.#replies);
            }),
            {
              ALT: () => {
                const policy = this.SUBRULE(this.#policy);
                if (policy) body.policies.push(policy);
              },
            },
          ],
        });
        this.endOfMember();
      });
    const what = "'access', 'order', 'replies' or the name of a procedure";
    this.body({ declaration, what, member, atMember: () => this.#atPolicy() });
    return body;
  });

  /** Whether a procedure's line begins here; the procedure may have the name of a setting or of a declaration. */
  #atPolicy(): boolean {
    if (!this.sameLine(2)) return false;
    const value = this.LA(3).image;
    return (
      (this.at(t.Order, 2) && orderWords.some(word => word === value)) ||
      (this.at(t.Replies, 2) && replyWords.some(word => word === value))
    );
  }

  #checkFirst(setting: unknown): void {
    const clause = this.LA(1);
    if (!setting) return;
    this.fail(() =>
      this.report(diagnostics.repeatedClause, this.tokenSpan(clause), { clause: clause.image }),
    );
  }

  readonly #access = this.RULE('access', (): WordNode<Access> | MissingNode => {
    this.CONSUME(t.AccessKeyword);
    return this.choice(0, accessWords, 'access');
  });

  readonly #order = this.RULE('order', (): WordNode<DeliveryOrder> | MissingNode => {
    this.CONSUME(t.Order);
    return this.choice(0, orderWords, 'delivery order');
  });

  readonly #replies = this.RULE('replies', (): RepliesNode | MissingNode => {
    this.CONSUME(t.Replies);
    const start = this.nextStart();
    const policy = this.choice(0, replyWords, 'reply policy');
    const count = this.OPTION(() => {
      this.CONSUME(t.ParenthesisOpen);
      const number = this.integerOr('a number of replies');
      this.expect(t.ParenthesisClose);
      return number;
    });
    if (this.RECORDING_PHASE || policy.kind === 'missing') return this.missing();
    const { text, span } = policy;
    if (text === 'n' && !count) this.fail(() => this.report(diagnostics.missingCount, span));
    if (text !== 'n' && count) this.report(diagnostics.needlessCount, count.span, { policy: text });
    return { kind: 'replies', span: this.spanFrom(start), policy: text, count };
  });

  readonly #policy = this.RULE('policy', (): GroupPolicyNode | undefined => {
    const start = this.nextStart();
    const procedure = this.nameNode(this.CONSUME(t.Name));
    const policy: PolicySettings = { order: undefined, replies: undefined };
    if (!this.RECORDING_PHASE && !this.at(t.Order) && !this.at(t.Replies)) {
      this.#reportNoPolicy(procedure);
      return undefined;
    }
    this.MANY(() =>
      this.OR([
        {
          ALT: () => {
            this.#checkFirst(policy.order);
            policy.order = this.SUBRULE(this.#order);
          },
        },
        {
          ALT: () => {
            this.#checkFirst(policy.replies);
            policy.replies = this.SUBRULE(this.#replies);
          },
        },
      ]),
    );
    return { kind: 'group-policy', span: this.spanFrom(start), procedure, ...policy };
  });

  /** The mistake is in the second word where that is nearly right, else in the first. */
  #reportNoPolicy({ text: found, span }: NameNode): void {
    if (closest(this.LA(1).image, policyWords)) {
      this.unexpected({ what: "'order' or 'replies'", words: policyWords });
      return;
    }
    const what = "a setting, or a procedure with its 'order' or 'replies'";
    this.fail(() =>
      this.report(diagnostics.expected, span, { what, found, word: found, words: settingWords }),
    );
  }
}
