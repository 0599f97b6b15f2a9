import { useState } from 'preact/hooks';
import type { Conversation } from '../model/conversation.js';
import { fieldsOf } from '../model/message-fields.js';
import type { Session } from '../model/session.js';
import { useTexts } from '../text/index.js';
import { Icon } from './icon.js';
import { timeOf } from './time.js';

/** What a ticket id is (PROTOCOL.md, 1). */
const TICKET = /^[!-+\--~]{1,64}$/;
/** Suggestions that are shown at once. */
const SUGGESTED = 8;

export interface TicketListProps {
  readonly session: Session;
  /** Tickets that the token names. */
  readonly named: readonly string[];
}

export function TicketList({ session, named }: TicketListProps) {
  const { tickets: texts } = useTexts();
  const [wanted, setWanted] = useState('');
  const followed = [...session.conversations.values()];
  const typed = wanted.trim();
  const matches = (caseId: string) => caseId.toLowerCase().includes(typed.toLowerCase());
  const others = named.filter((caseId) => !session.conversations.has(caseId));
  const suggested = typed === '' ? [] : others.filter(matches).slice(0, SUGGESTED);
  const isNew = TICKET.test(typed) && !session.conversations.has(typed) && !named.includes(typed);
  const follow = (caseId: string) => {
    session.follow(caseId);
    session.select(caseId);
    setWanted('');
  };
  const submit = (event: Event) => {
    event.preventDefault();
    const found =
      followed.find(({ caseId }) => caseId === typed) ??
      (isNew ? null : followed.find(({ caseId }) => matches(caseId)));
    if (found && typed !== '') follow(found.caseId);
    else if (suggested[0] !== undefined) follow(suggested[0]);
    else if (isNew) follow(typed);
  };
  return (
    <section class="tickets" aria-labelledby="tickets-title">
      <h2 id="tickets-title">{texts.title}</h2>
      <form role="search" onSubmit={submit}>
        <input
          type="search"
          aria-label={texts.filter}
          placeholder={texts.filter}
          value={wanted}
          onInput={(event) => setWanted(event.currentTarget.value)}
        />
      </form>
      {typed !== '' && !TICKET.test(typed) && <p class="notice warn">{texts.invalid}</p>}
      <ul class="ticket-rows">
        {followed
          .filter(({ caseId }) => typed === '' || matches(caseId))
          .map((conversation) => (
            <TicketRow key={conversation.caseId} conversation={conversation} session={session} />
          ))}
        {[...suggested, ...(isNew ? [typed] : [])].map((caseId) => (
          <li key={`add-${caseId}`}>
            <button type="button" class="ticket add" onClick={() => follow(caseId)}>
              <Icon name="plus" /> {texts.add(caseId)}
            </button>
          </li>
        ))}
      </ul>
      {typed === '' && others.length > 0 && <p class="hint">{texts.more(others.length)}</p>}
      {followed.length === 0 && typed === '' && <p class="hint">{texts.empty}</p>}
    </section>
  );
}

interface TicketRowProps {
  readonly conversation: Conversation;
  readonly session: Session;
}

function TicketRow({ conversation, session }: TicketRowProps) {
  const { tickets: texts, locale } = useTexts();
  const { caseId, lastMessage, news, status, revoked } = conversation;
  const isChosen = session.selected === conversation;
  const last = lastMessage && fieldsOf(lastMessage);
  return (
    <li class={isChosen ? 'chosen' : ''}>
      <button
        type="button"
        class="ticket"
        aria-current={isChosen ? 'true' : undefined}
        onClick={() => session.select(caseId)}
      >
        <span class="ticket-head">
          <span class="ticket-id">{caseId}</span>
          {lastMessage && <span class="ticket-time">{timeOf(lastMessage, locale).short}</span>}
        </span>
        <span class="ticket-last">{last ? `${last.name}: ${last.content}` : texts.none}</span>
        <span class="ticket-marks">
          {news > 0 && <span class="chip news">{texts.news(news)}</span>}
          {status !== null && (
            <span class={status === 0 ? 'chip unread' : 'chip'} title={texts.statusHint}>
              {status === 0 ? texts.unread : texts.read}
            </span>
          )}
          {revoked && <span class="chip bad">{texts.refused}</span>}
        </span>
      </button>
      <button
        type="button"
        class="quiet remove"
        aria-label={texts.remove(caseId)}
        title={texts.remove(caseId)}
        onClick={() => session.unfollow(caseId)}
      >
        <Icon name="close" />
      </button>
    </li>
  );
}
