import type { Notice, Publication, Recovery, ReplayPart, StreamPosition, Subscriber } from '#core';

/** Most publications of one answer, and most bytes of their texts. What is left comes with the next poll. */
const PUBLICATIONS_MAX = 5000;
const BYTES_MAX = 4_194_304;

/** One poll of a client: what is new after its position, or what comes while it waits. */
export class DropInPoll implements Subscriber {
  readonly publications: Publication[] = [];
  readonly notices: Notice[] = [];
  /** The client has everything up to here once it has the answer. Null before the recovery. */
  position: StreamPosition | null = null;
  /** Whether there is more than one answer can have. */
  isFull = false;
  private bytes = 0;
  private wake: () => void = () => undefined;

  /** @param since messages that were sent before are not told, ms since 1970; null: all are */
  constructor(private readonly since: number | null) {}

  get hasNews(): boolean {
    return this.publications.length > 0;
  }

  /** More than one answer can have is not read. */
  async replay({ notices, publications }: ReplayPart): Promise<void> {
    this.notices.push(...notices);
    publications.forEach((publication) => this.take(publication));
  }

  recover({ notices, replay, position }: Recovery): void {
    this.notices.push(...notices);
    replay.forEach((publication) => this.take(publication));
    if (!this.isFull) {
      this.position = position;
    }
  }

  deliver(publication: Publication): void {
    this.take(publication);
    this.wake();
  }

  notify(notice: Notice): void {
    this.notices.push(notice);
  }

  /** Resolves when there is news, after `ms` at the latest, or when it is {@link end}ed. */
  async news(ms: number): Promise<void> {
    if (!this.hasNews && ms > 0) {
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        this.wake = resolve;
        timer = setTimeout(resolve, ms);
      });
      clearTimeout(timer);
      await new Promise((resolve) => setImmediate(resolve)); // What one commit has published comes in one tick.
    }
  }

  /** Does not wait any more. */
  end(): void {
    this.wake();
  }

  private take(publication: Publication): void {
    if (this.isFull) {
      return;
    }
    const size = publication.kind === 'message' ? publication.message.length : 0;
    if (this.publications.length >= PUBLICATIONS_MAX || (this.hasNews && this.bytes + size > BYTES_MAX)) {
      this.isFull = true;
      return;
    }
    this.position = { epoch: publication.epoch, offset: publication.offset };
    const isTold = publication.kind === 'message' && this.since !== null && isBefore(publication.sentAt, this.since);
    if (!isTold) {
      this.bytes += size;
      this.publications.push(publication);
    }
  }
}

function isBefore(sentAt: number | null, instant: number): boolean {
  return sentAt !== null && sentAt < instant;
}
