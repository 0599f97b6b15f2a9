import type { CaseId, Feed } from '#core';
import { Refusal } from '#protocol';
import type { Asker } from './probe-turns.js';
import { Rights, type Limits } from './rights.js';
import type { TicketQuestions } from './ticket-questions.js';
import type { TokenVerdicts } from './token-verdicts.js';

const NO_GRANTS = { cases: [], groups: [], hints: false };

/** Questions of one token about one group that are asked together. */
interface Batch {
  readonly feed: Feed;
  readonly caseIds: Set<CaseId>;
  readonly asked: Promise<void>;
}

/** What all who have one token know, and the questions that are under way. */
export interface TokenKnowledge {
  readonly subject: string;
  readonly verdicts: TokenVerdicts;
  /** The questions that are asked at the end of the tick, by group. */
  readonly batches: Map<string, Batch>;
  /** The questions that are under way, by group and ticket. */
  readonly asking: Map<string, Promise<void>>;
  proving: Promise<void> | null;
}

/**
 * `AUTH_MODE=upstream`: what a client's own token may read, as the upstream says it. They hold the token, which is asked
 * with again while the client is connected. Nothing else keeps it.
 */
export class UpstreamRights extends Rights {
  /** A private name: nothing that prints or copies objects sees it. */
  readonly #token: string;

  constructor(
    token: string,
    private readonly known: TokenKnowledge,
    private readonly questions: TicketQuestions,
    /** The address of the client: invented tokens are counted by it. */
    private readonly address: string,
    /** Of the token with which the connection began. */
    subject = known.subject,
    limits: Limits | null = null,
  ) {
    super(subject, Number.POSITIVE_INFINITY, NO_GRANTS, undefined, limits);
    this.#token = token;
  }

  override get isProven(): boolean {
    return this.known.verdicts.isGood;
  }

  override async prove(): Promise<void> {
    if (!this.isProven) {
      this.known.proving ??= this.questions.prove(this.question).finally(() => (this.known.proving = null));
      await this.known.proving;
    }
  }

  override knows(feed: Feed, caseIds: readonly CaseId[]): boolean {
    return caseIds.every((caseId) => this.known.verdicts.isKnown(feed, caseId));
  }

  override async learn(feed: Feed, caseIds: readonly CaseId[]): Promise<void> {
    await this.ask(
      feed,
      caseIds.filter((caseId) => !this.known.verdicts.isKnown(feed, caseId)),
    );
  }

  override async renew(feed: Feed, caseIds: readonly CaseId[]): Promise<void> {
    const { verdicts } = this.known;
    const due = caseIds.filter((caseId) => verdicts.isDue(feed, caseId));
    try {
      await this.ask(feed, due);
    } catch (error) {
      const isBearable = error instanceof Refusal && error.code !== 'unauthorized';
      if (!isBearable || due.some((caseId) => verdicts.isOver(feed, caseId))) {
        throw error;
      }
    }
  }

  override again(): Rights {
    return this.copy(this.subject, this.limits);
  }

  override isRefused(feed: Feed, caseId: CaseId): boolean {
    return this.known.verdicts.isRefused(feed, caseId) || this.isRevoked(caseId);
  }

  override require(feed: Feed, caseIds: readonly CaseId[]): void {
    const refused = caseIds.filter((caseId) => this.isRefused(feed, caseId));
    if (refused.length > 0) {
      throw new Refusal(
        'forbidden',
        'the token does not allow these tickets: the upstream, or an operator, does not let it read them',
        { caseIds: refused },
      );
    }
    if (!this.knows(feed, caseIds)) {
      throw new Refusal('unavailable', 'the upstream has not said yet whether this token may read these tickets');
    }
  }

  override requireHints(): void {
    throw new Refusal('forbidden', 'hints need a token that grants them, which AUTH_MODE=upstream does not have');
  }

  /** A user's next token has nothing in common with the one before. Connections are still counted by the first one. */
  override replacedBy(next: Rights): Rights {
    return next instanceof UpstreamRights
      ? next.copy(this.subject, null).without(next.limits?.revoked ?? [])
      : super.replacedBy(next);
  }

  protected override limited(limits: Limits): Rights {
    return this.copy(this.subject, limits);
  }

  private copy(subject: string | null, limits: Limits | null): UpstreamRights {
    return new UpstreamRights(this.#token, this.known, this.questions, this.address, subject ?? undefined, limits);
  }

  private get question() {
    const { verdicts, subject } = this.known;
    const asker: Asker = verdicts.isGood
      ? { client: `token ${subject}`, isProven: true }
      : { client: `address ${this.address}`, isProven: false };
    return { token: this.#token, verdicts, asker };
  }

  private async ask(feed: Feed, caseIds: readonly CaseId[]): Promise<void> {
    const { asking } = this.known;
    await Promise.all(new Set(caseIds.map((caseId) => asking.get(keyOf(feed, caseId)) ?? this.batch(feed, caseId))));
  }

  /** Adds a question to those that are asked together at the end of the tick. */
  private batch(feed: Feed, caseId: CaseId): Promise<void> {
    const { batches, asking } = this.known;
    const group = feed.groupId ?? '';
    let batch = batches.get(group);
    if (batch === undefined) {
      const caseIds = new Set<CaseId>();
      const asked = new Promise((resolve) => setImmediate(resolve))
        .then(() => {
          batches.delete(group);
          return this.questions.find(this.question, feed, [...caseIds]);
        })
        .finally(() => caseIds.forEach((each) => asking.delete(keyOf(feed, each))));
      batch = { feed, caseIds, asked };
      batches.set(group, batch);
    }
    batch.caseIds.add(caseId);
    asking.set(keyOf(feed, caseId), batch.asked);
    return batch.asked;
  }
}

function keyOf({ groupId }: Feed, caseId: CaseId): string {
  return `${caseId}\n${groupId ?? ''}`;
}
