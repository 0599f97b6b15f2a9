import { useEffect, useMemo, useState } from 'preact/hooks';
import { claimsOf } from '../model/claims.js';
import { useObserved } from '../model/observable.js';
import { authMode, casesClaimName, hasDemo } from '../model/page-facts.js';
import { preference, prefer } from '../model/preferences.js';
import { forgetSecret, keepSecret, secret } from '../model/secrets.js';
import { Session, type Transport } from '../model/session.js';
import { useTexts } from '../text/index.js';
import { Stage } from '../demo/stage.js';
import { ConnectionBar } from './connection-bar.js';
import { ConversationView } from './conversation-view.js';
import { JournalView } from './journal-view.js';
import { SignIn } from './sign-in.js';
import { TicketList } from './ticket-list.js';
import { TopBar } from './top-bar.js';

/** Tickets of a token that are followed without being asked for. */
const FOLLOWED_AT_FIRST = 20;

const wantedTransport = (): Transport => (preference('transport') === 'socket.io' ? 'socket.io' : 'sse');

/** `/`: the tickets of a token, live. */
export function Conversations() {
  const texts = useTexts();
  const [token, setToken] = useState(secret('token'));
  const signIn = (value: string) => {
    keepSecret('token', value);
    setToken(value);
  };
  const signOut = () => {
    forgetSecret('token');
    setToken('');
  };
  if (token === '' && authMode !== 'none') {
    return (
      <>
        <TopBar at="/" who={null} onSignOut={signOut} />
        <SignIn name="token" onSecret={signIn} />
      </>
    );
  }
  return <SignedIn key={`${token}`} token={token} texts={texts} onSignOut={signOut} />;
}

interface SignedInProps {
  readonly token: string;
  readonly texts: ReturnType<typeof useTexts>;
  readonly onSignOut: () => void;
}

function SignedIn({ token, texts, onSignOut }: SignedInProps) {
  const claims = useMemo(() => claimsOf(token, casesClaimName), [token]);
  const session = useMemo(() => begin(token, claims.cases), [token]);
  useEffect(() => () => session.close(), [session]);
  useObserved(session);
  const { state, selected } = session;
  useEffect(() => void (document.title = titleOf(session)));
  if (state.name === 'denied' && state.reason === 'unauthorized') {
    return (
      <>
        <TopBar at="/" who={null} onSignOut={onSignOut} />
        <SignIn
          name="token"
          problem={texts.signIn.wrong}
          onSecret={(value) => (keepSecret('token', value), location.reload())}
        />
      </>
    );
  }
  const chosen = selected ? 'has-chosen' : '';
  return (
    <div class="app">
      <TopBar at="/" who={claims.subject ?? ''} onSignOut={onSignOut} />
      <ConnectionBar
        session={session}
        onTransport={(transport) => (prefer('transport', transport), session.use(transport))}
      />
      <main id="main" class={`board ${chosen}`}>
        <TicketList session={session} named={claims.cases} />
        <ConversationView session={session} token={token} />
        <aside class="side">
          {hasDemo && <Stage session={session} token={token} />}
          <JournalView journal={session.journal} />
        </aside>
      </main>
    </div>
  );
}

function begin(token: string, named: readonly string[]): Session {
  const session = new Session({ token, transport: wantedTransport() });
  const asked = new URLSearchParams(location.search).getAll('ticket');
  const first = asked.length > 0 ? asked : named.slice(0, FOLLOWED_AT_FIRST);
  first.forEach((caseId) => session.follow(caseId));
  // On a phone the list comes first.
  if (first[0] !== undefined && matchMedia('(min-width: 760px)').matches) session.select(first[0]);
  return session;
}

function titleOf({ conversations }: Session): string {
  const news = [...conversations.values()].reduce((sum, conversation) => sum + conversation.news, 0);
  return news > 0 ? `(${news}) Pollcast` : 'Pollcast';
}
