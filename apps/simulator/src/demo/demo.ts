import { type Clock } from '../clock.js';
import { type TicketStore } from '../messages/ticket-store.js';
import { Random } from '../random.js';
import { type Conversation, CONVERSATIONS, type Line } from './conversations.js';

/** Between two messages, of any of the tickets. */
const PAUSE_MS = [1_000, 3_000] as const;
/** Messages that each ticket has at the start, and the time between them. */
const HISTORY_LINES = 4;
const HISTORY_STEP_MS = 90_000;
/** A demo that keeps running must not grow without end. */
const KEEP_MS = 3_600_000;

/** The position in one conversation. */
interface Thread {
  readonly conversation: Conversation;
  next: number;
}

/** Posts scripted conversations on a few tickets, again and again. */
export class Demo {
  private readonly threads: readonly Thread[] = CONVERSATIONS.map((conversation) => ({ conversation, next: 0 }));
  private readonly random = new Random(1);
  private timer?: NodeJS.Timeout;

  constructor(
    private readonly store: TicketStore,
    private readonly clock: Clock,
  ) {}

  start(): void {
    const now = this.clock.now();
    for (const thread of this.threads) {
      for (let age = HISTORY_LINES; age > 0; age -= 1) this.postNext(thread, now - age * HISTORY_STEP_MS);
    }
    this.schedule();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private schedule(): void {
    this.timer = setTimeout(
      () => {
        const thread = this.threads[this.random.between(0, this.threads.length - 1)]!;
        this.postNext(thread, this.clock.now());
        this.schedule();
      },
      this.random.between(...PAUSE_MS),
    );
  }

  /**
   * Posts the next line of a conversation. A customer's message sets the status to read, an engineer's sets it to
   * unread.
   */
  private postNext(thread: Thread, timeMs: number): void {
    const { conversation, next } = thread;
    const line = conversation.lines[next]!;
    thread.next = (next + 1) % conversation.lines.length;
    this.store.post({
      caseId: conversation.caseId,
      timeMs,
      fields: { ...fieldsOf(line, conversation), is_first_message: next === 0 ? 1 : 0 },
      extra: '',
    });
    this.store.setStatus(conversation.caseId, undefined, line.from === 'customer' ? 1 : 0);
    this.store.ticket(conversation.caseId).forgetBefore(timeMs - KEEP_MS);
  }
}

function fieldsOf({ from, text, attachment }: Line, { customer, engineer }: Conversation) {
  const isCustomer = from === 'customer';
  const name = isCustomer ? customer : engineer;
  return {
    type: isCustomer ? 0 : 1,
    replier_type: isCustomer ? 0 : 1,
    replier: name.toLowerCase().replace(' ', '.'),
    content: text,
    replier_name: name,
    iam_user_type: 0,
    accessory_list:
      attachment === undefined ? [] : [{ accessory_id: `att-${attachment}`, file_actual_name: attachment }],
  };
}
