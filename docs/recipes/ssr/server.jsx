import { connect, fromSnapshots } from 'pollcast-client';
import { renderToString } from 'react-dom/server';

import { Ticket } from './ticket.jsx';

/**
 * The page of a ticket, with what is known of it. `token` is that of the person who asks.
 *
 * The page gets what was rendered as data, too: it hydrates with the same, and the stream goes on from there.
 */
export async function render({ gateway, token, caseId }) {
  const answer = await fetch(`${gateway}/v1/cases/${encodeURIComponent(caseId)}/snapshot?history=50`, {
    headers: { authorization: `Bearer ${token}` },
  });
  if (!answer.ok) throw new Error(`the gateway answered ${answer.status}`);
  const snapshots = [await answer.json()];
  const { initial } = fromSnapshots(snapshots);
  // On a server nothing is followed, so this client opens no connection.
  const client = connect({ url: gateway });
  const html = renderToString(<Ticket client={client} caseId={caseId} initial={initial} />);
  // Without this, a message with `</script>` would end the data.
  const data = JSON.stringify({ caseId, snapshots }).replaceAll('<', '\\u003c');
  return `<!doctype html>
<meta charset="utf-8" />
<title>${caseId.replaceAll('<', '&lt;')}</title>
<div id="root">${html}</div>
<script id="data" type="application/json">${data}</script>
<script type="module" src="/page.js"></script>`;
}
