import { useEffect, useRef, useState } from 'preact/hooks';
import type { Conversation } from '../model/conversation.js';
import { fieldsOf } from '../model/message-fields.js';
import { loadOlder } from '../model/older.js';
import type { Session } from '../model/session.js';
import { useTexts } from '../text/index.js';
import { Icon } from './icon.js';
import { Timeline } from './timeline.js';

export interface ConversationViewProps {
  readonly session: Session;
  readonly token: string;
}

export function ConversationView({ session, token }: ConversationViewProps) {
  const { conversation: texts } = useTexts();
  const { selected } = session;
  if (!selected) {
    return (
      <section class="conversation nothing">
        <p class="hint">{texts.choose}</p>
      </section>
    );
  }
  return <Chosen key={selected.caseId} session={session} conversation={selected} token={token} />;
}

function Chosen({ session, conversation, token }: ConversationViewProps & { readonly conversation: Conversation }) {
  const all = useTexts();
  const { conversation: texts, tickets } = all;
  const timeline = useRef<Timeline | null>(null);
  const [isFollowing, setFollowing] = useState(true);
  const [isLoading, setLoading] = useState(false);
  /** Where the conversation ended when the reader scrolled away. Older messages that are added in front do not change it. */
  const seenEnd = useRef(0);
  if (isFollowing) seenEnd.current = conversation.end;
  const below = conversation.messagesFrom(seenEnd.current);
  const older = () => {
    if (isLoading || !conversation.hasOlder || conversation.oldestId === null) return;
    setLoading(true);
    void loadOlder(conversation, token).then(() => {
      setLoading(false);
      session.refresh();
    });
  };
  useEffect(() => {
    if (isFollowing && document.visibilityState === 'visible') session.looked();
  });
  return (
    <section class="conversation" aria-labelledby="conversation-title">
      <header class="conversation-head">
        <button type="button" class="quiet back" onClick={() => session.select(null)} aria-label={tickets.back}>
          <Icon name="back" />
        </button>
        <h1 id="conversation-title">{conversation.caseId}</h1>
        <span class="hint">{texts.count(conversation.messageCount)}</span>
        {isLoading && <span class="hint">{texts.older}</span>}
      </header>
      {conversation.messageCount === 0 && conversation.isLive && <p class="hint empty">{texts.waiting}</p>}
      {conversation.messageCount === 0 && conversation.isPending && <p class="hint empty">{texts.pending}</p>}
      <Timeline
        list={timeline}
        conversation={conversation}
        version={conversation.version}
        texts={all}
        onOlder={older}
        onFollowing={setFollowing}
      />
      {!isFollowing && (
        <button type="button" class="to-newest" onClick={() => timeline.current?.toEnd()}>
          <Icon name="down" /> {below > 0 ? texts.newBelow(below) : texts.toNewest}
        </button>
      )}
      <p class="heard" aria-live="polite">
        {announcement(conversation, texts.announce)}
      </p>
    </section>
  );
}

/** Screen readers hear what is said live, and nothing of what was there before. */
function announcement({ lastMessage, isLive }: Conversation, say: (name: string, content: string) => string): string {
  if (!lastMessage || !isLive) return '';
  const { name, content } = fieldsOf(lastMessage);
  return say(name, content);
}
