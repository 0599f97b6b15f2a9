import { lazy } from './lazy.js';
import { Conversations } from './conversations.js';

/** Loaded where it is shown: its charts are as large as everything else. */
const Operations = lazy(() => import('../ops/operations.js').then(({ Operations: component }) => component));

export function App() {
  return location.pathname.replace(/\/$/, '') === '/ops' ? <Operations /> : <Conversations />;
}
