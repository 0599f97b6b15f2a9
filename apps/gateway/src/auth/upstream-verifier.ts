import { createHmac, randomBytes } from 'node:crypto';
import { Refusal } from '#protocol';
import type { Rights } from './rights.js';
import type { TicketQuestions } from './ticket-questions.js';
import { TokenVerdicts } from './token-verdicts.js';
import { TokenVerifier } from './token-verifier.js';
import { UpstreamRights, type TokenKnowledge } from './upstream-rights.js';

/** A token as the upstream's documentation has it: what a header can carry, up to 5,000 characters. */
const TOKEN = /^[\x21-\x7e]{1,5000}$/;
/** Tokens that something is known of, at most. */
const TOKENS_MAX = 10_000;
/** Tickets of all these tokens that something is known of, at most; they take about 200 bytes each. */
const TICKETS_MAX = 200_000;
/** Time between two counts of these tickets, ms: a count looks at all tokens, and anybody can invent tokens. */
const COUNT_EVERY_MS = 1000;

/**
 * `AUTH_MODE=upstream`: a client shows its own token of the upstream, which is asked what it may read. What is known of a
 * token is kept by a digest that only this process can make.
 */
export class UpstreamVerifier extends TokenVerifier {
  private readonly key = randomBytes(32);
  /** The one that was used last is the last. */
  private readonly tokens = new Map<string, TokenKnowledge>();
  private countAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly questions: TicketQuestions,
    /** `AUTH_PROBE_TTL_S` in ms. */
    private readonly ttlMs: number,
    /** Milliseconds of a monotonic clock. */
    private readonly now: () => number = () => performance.now(),
  ) {
    super();
  }

  /** It does not ask the upstream yet: {@link Rights.prove} and {@link Rights.learn} do. */
  async verify(token: string | undefined, address = ''): Promise<Rights> {
    if (token === undefined || token === '') {
      throw new Refusal('unauthorized', 'no token was given');
    }
    if (!TOKEN.test(token)) {
      throw new Refusal('unauthorized', 'a token has 1 to 5000 characters of visible ASCII');
    }
    return new UpstreamRights(token, this.knowledgeOf(token), this.questions, address);
  }

  private knowledgeOf(token: string): TokenKnowledge {
    const subject = createHmac('sha256', this.key).update(token).digest('base64url');
    const known = this.tokens.get(subject) ?? {
      subject,
      verdicts: new TokenVerdicts(this.ttlMs, this.now),
      batches: new Map(),
      asking: new Map(),
      proving: null,
    };
    this.tokens.delete(subject);
    this.makeRoom();
    this.tokens.set(subject, known);
    return known;
  }

  /** What is dropped is asked again. Connections that have begun keep what is known of their own token. */
  private makeRoom(): void {
    const [oldest] = this.tokens.keys();
    if (this.tokens.size >= TOKENS_MAX && oldest !== undefined) {
      this.tokens.delete(oldest);
    }
    const now = this.now();
    if (now < this.countAt) {
      return;
    }
    this.countAt = now + COUNT_EVERY_MS;
    let tickets = [...this.tokens.values()].reduce((sum, { verdicts }) => sum + verdicts.size, 0);
    for (const [subject, { verdicts }] of this.tokens) {
      if (tickets <= TICKETS_MAX) {
        return;
      }
      tickets -= verdicts.size;
      this.tokens.delete(subject);
    }
  }
}
