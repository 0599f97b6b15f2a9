import type { MessageClass, MessageIdentity, MessageNames } from '#core';

/** The names of the messages that were delivered of one ticket. */
export class DeliveredMessages {
  private readonly identities = new Set<MessageIdentity>();
  /** How many messages of each class were delivered. */
  private readonly counts = new Map<MessageClass, number>();

  /**
   * Takes what one commit has of the ticket: the messages that are new. They are delivered from now on. A message is
   * not new if its identity is known. Of the others of a class as many are not new as were delivered in another form.
   */
  takeNew<Message extends MessageNames>(messages: readonly Message[]): Message[] {
    const known = new Map<MessageClass, number>();
    for (const { identity, class: name } of messages) {
      if (name !== null && this.identities.has(identity)) {
        known.set(name, (known.get(name) ?? 0) + 1);
      }
    }
    const covered = new Map<MessageClass, number>();
    for (const { class: name } of messages) {
      if (name !== null && !covered.has(name)) {
        const found = known.get(name) ?? 0;
        const count = Math.max(found, this.counts.get(name) ?? 0);
        this.counts.set(name, count);
        covered.set(name, count - found);
      }
    }
    return messages.filter((one) => this.isNew(one, covered));
  }

  private isNew({ identity, class: name }: MessageNames, covered: Map<MessageClass, number>): boolean {
    const left = name === null ? 0 : (covered.get(name) ?? 0);
    if (this.identities.has(identity)) {
      return false;
    }
    if (name !== null && left > 0) {
      covered.set(name, left - 1);
      return false;
    }
    this.identities.add(identity);
    if (name !== null) {
      this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
    }
    return true;
  }
}
