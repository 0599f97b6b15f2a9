import { connect, fromSnapshots } from 'pollcast-client';
import { StrictMode } from 'react';
import { hydrateRoot } from 'react-dom/client';

import { Ticket } from './ticket.jsx';

const { caseId, snapshots } = JSON.parse(document.getElementById('data').textContent);
const { initial, store } = fromSnapshots(snapshots);
// With the store, the stream begins where the snapshots end: nothing is lost between them, and nothing comes twice.
const client = connect({ url: '', store });
hydrateRoot(
  document.getElementById('root'),
  <StrictMode>
    <Ticket client={client} caseId={caseId} initial={initial} />
  </StrictMode>,
);
