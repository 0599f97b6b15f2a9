import { useTicket } from 'pollcast-client/react';

/** The same on the server and in the page. */
export function Ticket({ client, caseId, initial }) {
  const { messages, gap } = useTicket(client, caseId, initial);
  return (
    <section>
      {gap && <p role="alert">Messages are missing.</p>}
      <ol>
        {messages.map(({ id, message }) => (
          <li key={id}>{message.content}</li>
        ))}
      </ol>
    </section>
  );
}
