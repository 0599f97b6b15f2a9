import type { Happening } from '../model/journal.js';

/** What a thing means, and what happens next. */
export interface Explained {
  readonly title: string;
  readonly next: string;
}

const s = (count: number) => (count === 1 ? '' : 's');

/** Why a connection ended (PROTOCOL.md, `closing`), in the words of a support engineer. */
function lost(reason: string): Explained {
  switch (reason) {
    case 'draining':
      return {
        title: 'This gateway is being restarted.',
        next: 'The page connects to another one and goes on where it was. Nothing is lost.',
      };
    case 'token_expired':
      return {
        title: 'Your sign-in has expired.',
        next: 'Sign in again with a new token; the page goes on where it was.',
      };
    case 'token_revoked':
      return { title: 'Your sign-in was withdrawn by an operator.', next: 'Ask for a new token, and sign in again.' };
    case 'slow_consumer':
      return {
        title: 'This page read too slowly, so the gateway hung up.',
        next: 'It connects again and gets what it missed. Nothing is lost.',
      };
    case 'replaced':
      return {
        title: 'You have as many connections as you may have, and a newer one took the place of this one.',
        next: 'Close other tabs. This page tries again by itself.',
      };
    case 'unavailable':
      return {
        title: 'The gateway cannot reach its store at the moment.',
        next: 'The page tries again by itself and gets what it missed.',
      };
    case 'too_many':
      return { title: 'You have too many connections.', next: 'Close other tabs. This page tries again by itself.' };
    default:
      return { title: 'The connection was cut.', next: 'The page connects again by itself and gets what it missed.' };
  }
}

function upstream(reason: string): Explained {
  if (reason === 'not_polled') {
    return {
      title: 'Nobody asks the ticket system at the moment: the workers are gone.',
      next: 'When one is back, everything written meanwhile is delivered. Operators see it at Operations.',
    };
  }
  return {
    title: `The ticket system does not answer (${reason}).`,
    next: 'Messages come late, and none is lost: Pollcast asks again and again, and delivers what was written meanwhile.',
  };
}

function revoked(reason: string, tickets: string): Explained {
  return reason === 'rights'
    ? {
        title: `You may not read ${tickets} any more.`,
        next: 'No new messages of it come here. If you need it, ask for the right and sign in again.',
      }
    : {
        title: `The ticket system refuses ${tickets} to Pollcast's account.`,
        next: 'Pollcast asks again after a minute, then more rarely. When it is allowed again, everything written meanwhile is delivered.',
      };
}

const gap = (reason: string, tickets: string): Explained =>
  reason === 'history_truncated'
    ? {
        title: `Some messages of ${tickets} are missing here.`,
        next: 'You were away longer than messages are kept. Look the missing ones up in the ticket system; new ones come as usual.',
      }
    : {
        title: `The position of this page in ${tickets} is not known any more.`,
        next: 'Everything that is kept was sent again. Older messages may be missing: look them up in the ticket system.',
      };

function denied(reason: string): Explained {
  if (reason === 'unauthorized') {
    return {
      title: 'The gateway does not accept this token.',
      next: 'It is wrong, expired or withdrawn. Sign in with another one.',
    };
  }
  return {
    title: `The gateway refuses the connection (${reason}).`,
    next: 'Waiting does not help. Ask your operators.',
  };
}

export const en = {
  locale: 'en',
  otherLanguage: '中文',
  productLine: 'New messages of service tickets, the moment they appear.',
  nav: {
    conversations: 'Conversations',
    operations: 'Operations',
    docs: 'Docs',
    main: 'Main',
    skip: 'Go to the messages',
  },
  theme: { label: 'Theme', auto: 'Automatic', light: 'Light', dark: 'Dark' },
  signIn: {
    title: 'Sign in',
    lead: 'Conversations need a token: the one that your application gives you. It stays in this tab and is sent to this gateway only.',
    leadOps:
      'Operations need the admin token (ADMIN_TOKEN of the gateway). It stays in this tab and is sent to this gateway only.',
    token: 'Token',
    admin: 'Admin token',
    go: 'Sign in',
    demo: 'With npm start, open the address that it prints: it carries the token.',
    out: 'Sign out',
    wrong: 'This token was not accepted.',
    closed: 'This gateway has no /admin: ADMIN_TOKEN is not set, or a proxy keeps it private.',
  },
  tickets: {
    title: 'Tickets',
    filter: 'Search or add a ticket',
    add: (id: string) => `Follow ${id}`,
    invalid: 'A ticket id has 1 to 64 visible characters and no comma.',
    empty: 'No ticket yet. Type an id above, and press Enter.',
    more: (count: number) => `${count} more in your token: search for one`,
    news: (count: number) => `${count} new`,
    unread: 'Unread',
    read: 'Read',
    statusHint: 'Read status, as the ticket system says',
    remove: (id: string) => `Stop following ${id}`,
    none: 'No messages yet',
    refused: 'Refused',
    back: 'All tickets',
  },
  conversation: {
    choose: 'Choose a ticket to see its messages.',
    waiting: 'Waiting for the first message of this ticket.',
    pending: 'The ticket system has not answered for this ticket yet.',
    loading: 'Loading',
    label: (id: string) => `Messages of ${id}`,
    count: (count: number) => `${count} message${s(count)}`,
    liveFromHere: 'live from here',
    caughtUp: (count: number) => `${count} caught up, nothing lost · live again`,
    first: 'First message',
    readStatus: 'read',
    unreadStatus: 'unread',
    newBelow: (count: number) => (count === 1 ? '1 new message' : `${count} new messages`),
    toNewest: 'To the newest',
    older: 'Loading older messages',
    oldest: 'The oldest message that is kept',
    attachments: 'Attachments',
    upstreamTime: (time: string) => `In the ticket system: ${time}`,
    announce: (name: string, content: string) => `${name}: ${content}`,
  },
  roles: { customer: 'Customer', engineer: 'Engineer', 'third-party': 'Third party' },
  connection: {
    label: 'Connection',
    idle: 'No ticket is followed',
    connecting: 'Connecting',
    retrying: (seconds: number) => `Cut. Next try in ${seconds} s`,
    live: 'Live',
    degraded: 'Live, but the ticket system is silent',
    offline: 'Offline',
    denied: 'Refused',
    closed: 'Closed',
    transport: 'Transport',
    lastByte: 'Last byte',
    ago: (seconds: number) => (seconds < 1 ? 'now' : `${seconds} s ago`),
    latency: 'Latency',
    latencyHint:
      'From the answer of the ticket system to this page: the newest message, and the median of the last ones',
    position: 'Position',
    positionHint: 'Up to here this page has everything',
    never: 'none',
    cut: 'Cut the network',
    heal: 'Reconnect',
    resume: 'Resume from…',
    resumeTitle: 'Resume from a position',
    resumeLead: 'Everything here is forgotten, and the gateway replays what came after the position.',
    resumeGo: 'Resume',
    cancel: 'Cancel',
    tab: 'Another tab',
    retry: 'Try again',
    switches: 'Try what happens',
  },
  journal: { title: 'What happened', empty: 'Nothing yet.' },
  demo: {
    title: 'Make it speak',
    lead: 'You are at the other side now: write as somebody in the ticket system, and watch it arrive here.',
    to: 'Ticket',
    as: 'As',
    message: 'Message',
    sample: 'The load balancer answers 502 again.',
    post: 'Post',
    postMany: 'Post 20',
    markRead: 'Mark read',
    markUnread: 'Mark unread',
    breakUpstream: 'Break the ticket system',
    healUpstream: 'Heal the ticket system',
    killWorker: 'Kill the worker',
    killed: 'The worker was killed (SIGKILL). A new one starts.',
    broken: 'The ticket system answers 503 to everything.',
    failed: 'That did not work. Is npm start still running?',
    faults: 'Break something',
    proof: 'Nothing is lost',
    proofLead: 'Posted in the ticket system since you opened this page, and what arrived here.',
    posted: 'Posted',
    arrived: 'Arrived',
    missing: 'Missing',
    doubled: 'Twice',
    onTheWay: (count: number) => `${count} on the way`,
    all: 'Every message arrived, once.',
    after: (seconds: string) => `after ${seconds} s`,
    waiting: 'on the way',
  },
  happening: (happening: Happening): Explained => {
    const tickets = 'caseIds' in happening ? happening.caseIds.join(', ') : '';
    switch (happening.kind) {
      case 'live':
        return { title: 'Connected.', next: 'Messages come the moment they appear.' };
      case 'caught-up':
        return { title: `${happening.count} caught up.`, next: 'Nothing is lost.' };
      case 'lost':
        return lost(happening.reason);
      case 'offline':
        return { title: 'There is no network.', next: 'When it is back, the page gets what it missed.' };
      case 'degraded':
        return upstream(happening.reason);
      case 'upstream-back':
        return { title: 'The ticket system answers again.', next: 'What was written meanwhile has come.' };
      case 'denied':
        return denied(happening.reason);
      case 'gap':
        return gap(happening.reason, tickets);
      case 'revoked':
        return revoked(happening.reason, tickets);
      case 'resumed':
        return { title: 'Resumed from a position.', next: 'What came after it was replayed.' };
    }
  },
};

export type Texts = typeof en;
