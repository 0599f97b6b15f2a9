import type { TicketMessage, TicketStatus } from '#client';
import { Conversation, ENTRIES_MAX } from './conversation.js';

const NOW = Date.parse('2026-11-27T10:00:00.000Z');
const at = (ms: number) => new Date(ms).toISOString();

function message(id: string, sentAt = NOW): TicketMessage {
  return { id, case_id: 'T1', message: { content: id }, sent_at: at(sentAt), seen_at: at(sentAt) };
}

function lines(conversation: Conversation): string[] {
  const shown: string[] = [];
  for (let seq = conversation.first; seq < conversation.end; seq += 1) {
    const entry = conversation.at(seq);
    if (entry?.kind === 'live-line') shown.push(entry.caughtUp === null ? 'live' : `caught up ${entry.caughtUp}`);
    else if (entry && 'event' in entry) shown.push(`${entry.event.id} ${entry.arrival}`);
    else if (entry) shown.push(entry.kind);
  }
  return shown;
}

describe('a conversation', () => {
  it('tells history, live messages and those of a pause apart', () => {
    const conversation = new Conversation('T1');
    conversation.add('message', message('1'), true);
    conversation.becomesLive(NOW);
    conversation.add('message', message('2'), true);
    conversation.paused();
    conversation.add('message', message('3'), true);
    conversation.becomesLive(NOW);
    conversation.add('message', message('4'), true);
    expect(lines(conversation)).toEqual(['1 history', 'live', '2 live', '3 caught-up', 'caught up 1', '4 live']);
  });

  it('has the history of a new ticket before the line, although it comes after the replay', () => {
    const conversation = new Conversation('T1');
    conversation.waits();
    conversation.add('message', message('1', NOW - 60_000), false);
    conversation.add('message', message('2', NOW + 60_000), false);
    expect([conversation.isPending, conversation.news, lines(conversation)]).toEqual([
      true,
      0,
      ['1 history', '2 history'],
    ]);
    conversation.becomesLive(NOW);
    conversation.add('message', message('3', NOW - 60_000), false);
    expect([conversation.isPending, conversation.news]).toEqual([false, 1]);
    expect(lines(conversation)).toEqual(['1 history', '2 history', 'live', '3 live']);
  });

  it('counts the messages since a reader looked, whatever is added in front meanwhile', () => {
    const conversation = new Conversation('T1');
    conversation.add('message', message('5'), true);
    const { end } = conversation;
    conversation.prepend([['message', message('3')] as const, ['message', message('4')] as const]);
    expect(conversation.messagesFrom(end)).toBe(0);
    conversation.becomesLive(NOW);
    conversation.add('message', message('6'), true);
    expect([conversation.messagesFrom(end), conversation.messagesFrom(conversation.first)]).toEqual([1, 4]);
  });

  it('does not count as live what comes while the connection is cut', () => {
    const conversation = new Conversation('T1');
    conversation.waits();
    conversation.paused();
    conversation.add('message', message('1'), false);
    expect([conversation.isPending, conversation.isLive, conversation.news]).toEqual([false, false, 0]);
  });

  it('is refused until events come again, or the connection is a new one', () => {
    const conversation = new Conversation('T1');
    conversation.revoked = 'upstream';
    conversation.add('message', message('1'), true);
    expect(conversation.revoked).toBe('upstream');
    conversation.becomesLive(NOW);
    conversation.add('message', message('2'), true);
    expect(conversation.revoked).toBeNull();
    conversation.revoked = 'rights';
    conversation.paused();
    expect(conversation.revoked).toBeNull();
  });

  it('takes an event once, and older ones in front without changing the numbers of others', () => {
    const conversation = new Conversation('T1');
    conversation.add('message', message('5'), true);
    expect(conversation.add('message', message('5'), true)).toBe(false);
    const older = [
      ['message', message('3')] as const,
      ['message', message('4')] as const,
      ['message', message('5')] as const,
    ];
    expect(conversation.prepend(older)).toBe(2);
    expect([conversation.first, conversation.at(0)]).toMatchObject([-2, { event: { id: '5' } }]);
    expect([conversation.messageCount, conversation.oldestId]).toEqual([3, '3']);
  });

  it('knows the status, and forgets the oldest entries beyond its bound', () => {
    const conversation = new Conversation('T1');
    const status: TicketStatus = { id: 's', case_id: 'T1', status: 0, seen_at: at(NOW) };
    conversation.add('status', status, true);
    conversation.hasOlder = false;
    for (let count = 0; count < ENTRIES_MAX; count += 1) conversation.add('message', message(`m${count}`), true);
    expect(conversation.end - conversation.first).toBeLessThanOrEqual(ENTRIES_MAX);
    expect([conversation.status, conversation.hasOlder]).toEqual([0, true]);
    expect(conversation.messageCount).toBe(conversation.end - conversation.first);
  });
});
