import { UpstreamFailure, type CaseId, type Feed } from '#core';
import type { ProbeAnswer, ProbeRequest } from '#osm';
import { Refusal } from '#protocol';
import type { Asker, ProbeTurns } from './probe-turns.js';
import type { TokenVerdicts } from './token-verdicts.js';

/** When a client may try again after the upstream did not answer, ms. */
const RETRY_MS = 2000;

/** What of {@link RightsProbe} is used here. */
export interface Probe {
  ask(token: string, request: ProbeRequest): Promise<ProbeAnswer>;
}

export interface TicketQuestionsParts {
  readonly probe: Probe;
  readonly turns: ProbeTurns;
  /** `UPSTREAM_MAX_CASE_IDS` */
  readonly maxCaseIds: number;
  /** Called after each request: what the upstream said, or why there is no answer. */
  readonly onAsked: (outcome: ProbeAnswer['kind'] | UpstreamFailure) => void;
}

/** One token, while the upstream is asked about it. */
export interface Question {
  readonly token: string;
  readonly verdicts: TokenVerdicts;
  readonly asker: Asker;
}

/**
 * Finds out what tokens may read. The upstream refuses a whole request because of one ticket, and does not say which. So
 * a refused request is halved until the refused tickets are found.
 */
export class TicketQuestions {
  constructor(private readonly parts: TicketQuestionsParts) {}

  /** Whether the token is good, without a ticket. @throws {Refusal} `unauthorized`, `unavailable` */
  async prove(question: Question): Promise<void> {
    await this.ask(question, { feed: { language: 'zh-cn' }, caseIds: [], cursor: null });
  }

  /**
   * Asks about tickets, and notes each answer as it comes.
   *
   * @throws {Refusal} `unauthorized` where the token is not good; `unavailable` where the upstream does not answer, and
   *   `too_many`. What was found out until then is noted
   */
  async find(question: Question, feed: Feed, caseIds: readonly CaseId[]): Promise<void> {
    const { maxCaseIds } = this.parts;
    for (let start = 0; start < caseIds.length; start += maxCaseIds) {
      await this.search(question, feed, caseIds.slice(start, start + maxCaseIds), false);
    }
  }

  /**
   * @param isRefused whether one of them is known to be refused
   * @returns whether one of them is refused
   */
  private async search(
    question: Question,
    feed: Feed,
    caseIds: readonly CaseId[],
    isRefused: boolean,
  ): Promise<boolean> {
    if (!isRefused || caseIds.length === 1) {
      const mayRead = await this.mayReadAll(question, feed, caseIds);
      if (mayRead || caseIds.length === 1) {
        question.verdicts.answered(feed, caseIds, mayRead);
        return !mayRead;
      }
    }
    const middle = Math.ceil(caseIds.length / 2);
    const isFirstRefused = await this.search(question, feed, caseIds.slice(0, middle), false);
    const isSecondRefused = await this.search(question, feed, caseIds.slice(middle), !isFirstRefused);
    return isFirstRefused || isSecondRefused;
  }

  private async mayReadAll(question: Question, feed: Feed, caseIds: readonly CaseId[]): Promise<boolean> {
    const { verdicts } = question;
    const { cursor } = verdicts;
    let answer = await this.ask(question, { feed, caseIds, cursor });
    if (answer.kind === 'doubted' && cursor !== null) {
      verdicts.cursor = null; // The cursor may be what the upstream does not understand.
      answer = await this.ask(question, { feed, caseIds, cursor: null });
    }
    if (answer.kind === 'allowed') {
      verdicts.cursor = answer.cursor;
    }
    return answer.kind === 'allowed';
  }

  /** One request. @throws {Refusal} */
  private async ask({ token, verdicts, asker }: Question, request: ProbeRequest): Promise<ProbeAnswer> {
    const { probe, turns, onAsked } = this.parts;
    verdicts.requireAskable();
    return turns.run(asker, async () => {
      verdicts.requireAskable(); // An answer that came meanwhile may have said something about the token.
      let answer: ProbeAnswer;
      try {
        answer = await probe.ask(token, request);
      } catch (error) {
        throw this.refusalFor(error, verdicts);
      }
      onAsked(answer.kind);
      if (answer.kind === 'unauthorized') {
        verdicts.reject();
      }
      verdicts.good();
      return answer;
    });
  }

  private refusalFor(error: unknown, verdicts: TokenVerdicts): unknown {
    if (!(error instanceof UpstreamFailure)) {
      return error;
    }
    this.parts.onAsked(error);
    const retryMs = error.retryAfterMs ?? RETRY_MS;
    if (error.code === 'throttled') {
      verdicts.pause(retryMs);
    }
    return new Refusal('unavailable', 'the upstream does not answer questions about rights now', { retryMs });
  }
}
