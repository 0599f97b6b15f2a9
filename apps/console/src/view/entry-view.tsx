import { Component, type VNode } from 'preact';
import type { Entry } from '../model/conversation.js';
import { fieldsOf, type MessageFields } from '../model/message-fields.js';
import type { Texts } from '../text/en.js';
import { Icon } from './icon.js';
import { clockTime, instantOf, timeOf } from './time.js';

/** A message that came this short a time ago is seen to arrive, ms. */
const NEW_MS = 2000;

export interface EntryProps {
  readonly entry: Entry;
  /** The one above, by which a line between two days is decided. */
  readonly before: Entry | undefined;
  readonly texts: Texts;
}

/** One line of a conversation. It never changes, so it is rendered once. */
export class EntryView extends Component<EntryProps> {
  override shouldComponentUpdate(next: EntryProps): boolean {
    const { entry, before, texts } = this.props;
    return next.entry !== entry || next.before !== before || next.texts !== texts;
  }

  override render({ entry, before, texts }: EntryProps): VNode {
    switch (entry.kind) {
      case 'message':
        return <Message entry={entry} before={before} texts={texts} />;
      case 'status':
        return (
          <p class="status-line" data-seq={entry.seq}>
            {entry.event.status === 1 ? texts.conversation.readStatus : texts.conversation.unreadStatus}{' '}
            <time>{clockTime(Date.parse(entry.event.seen_at), texts.locale)}</time>
          </p>
        );
      case 'live-line':
        return (
          <p class="line" data-seq={entry.seq}>
            <span>
              {entry.caughtUp === null ? texts.conversation.liveFromHere : texts.conversation.caughtUp(entry.caughtUp)}
            </span>
          </p>
        );
      case 'gap':
        return (
          <p class="line gap" data-seq={entry.seq}>
            <span>{texts.happening({ kind: 'gap', reason: entry.reason, caseIds: [] }).title}</span>
          </p>
        );
    }
  }
}

type MessageProps = EntryProps & { readonly entry: Extract<Entry, { kind: 'message' }> };

function Message({ entry, before, texts }: MessageProps): VNode {
  const { event, seq, arrival } = entry;
  // An entry that comes into view by scrolling is not new.
  const isNew = arrival === 'live' && Date.now() - Date.parse(event.seen_at) < NEW_MS;
  const fields = fieldsOf(event);
  const time = timeOf(event, texts.locale);
  const zone = `${time.full}\n${texts.conversation.upstreamTime(fields.createTime)}`;
  return (
    <div data-seq={seq}>
      {beginsDay(event, before) && (
        <p class="day">
          <span>{time.day}</span>
        </p>
      )}
      <article class={`message ${fields.role} ${isNew ? 'new' : ''}`}>
        <Avatar fields={fields} />
        <div class="bubble">
          <header>
            <span class="name">{fields.name}</span>
            <span class="role">{texts.roles[fields.role]}</span>
            {fields.isFirst && <span class="chip first">{texts.conversation.first}</span>}
            <time dateTime={time.iso} title={zone}>
              {time.short}
            </time>
          </header>
          <p class="content">{fields.content}</p>
          {fields.attachments.length > 0 && (
            <ul class="attachments" aria-label={texts.conversation.attachments}>
              {fields.attachments.map((name, index) => (
                <li key={index}>
                  <Icon name="file" /> {name}
                </li>
              ))}
            </ul>
          )}
        </div>
      </article>
    </div>
  );
}

/** Its shape says the role, for those who do not see the colour: a circle, a square, a diamond. */
function Avatar({ fields }: { readonly fields: MessageFields }): VNode {
  return (
    <span class={`avatar ${fields.role}`} aria-hidden="true">
      <span>{initialsOf(fields.name)}</span>
    </span>
  );
}

function initialsOf(name: string): string {
  const words = name.split(/[\s.]+/).filter(Boolean);
  return [words[0], words.length > 1 ? words.at(-1) : '']
    .map((word) => [...(word ?? '')][0] ?? '')
    .join('')
    .toUpperCase();
}

function beginsDay(event: MessageProps['entry']['event'], before: Entry | undefined): boolean {
  if (before?.kind !== 'message') return before === undefined;
  return new Date(instantOf(event)).toDateString() !== new Date(instantOf(before.event)).toDateString();
}
