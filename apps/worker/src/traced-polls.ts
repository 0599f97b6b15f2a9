import {
  PollCycle,
  type Committed,
  type Next,
  type PollAnswer,
  type PollRequest,
  type SetCommit,
  type SetRef,
  type Upstream,
} from '#core';
import type { PollTracing } from '#ops';
import { RedisSetStore } from '#redis';

/** A poll cycle whose polls are traced. */
export class TracedPollCycle extends PollCycle {
  constructor(
    private readonly tracing: PollTracing,
    ...of: ConstructorParameters<typeof PollCycle>
  ) {
    super(...of);
  }

  override run(ref: SetRef): Promise<Next> {
    return this.tracing.poll(ref, () => super.run(ref));
  }
}

/** An upstream whose requests are traced. */
export class TracedUpstream implements Upstream {
  constructor(
    private readonly tracing: PollTracing,
    private readonly upstream: Upstream,
  ) {}

  poll(request: PollRequest): Promise<PollAnswer> {
    return this.tracing.request(request.caseIds.length, () => this.upstream.poll(request));
  }
}

/** A store whose commits are traced, and give their trace to the gateways. */
export class TracedSetStore extends RedisSetStore {
  constructor(
    private readonly tracing: PollTracing,
    ...of: ConstructorParameters<typeof RedisSetStore>
  ) {
    super(...of);
  }

  override commit(commit: SetCommit): Promise<Committed> {
    return this.tracing.commit(commit.entries.length, () => super.commit(commit));
  }

  protected override trace(): string | null {
    return this.tracing.recorded();
  }
}
