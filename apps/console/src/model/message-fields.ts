import type { TicketMessage } from '#client';

export type Role = 'customer' | 'engineer' | 'third-party';

/** The members of the upstream's object that people read. Everything in it is a text of a stranger. */
export interface MessageFields {
  readonly role: Role;
  readonly name: string;
  readonly content: string;
  readonly isFirst: boolean;
  readonly attachments: readonly string[];
  /** As the upstream wrote it, in its own time zone. */
  readonly createTime: string;
}

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

/** `replier_type` is 0 for a customer, 1 for an engineer, 2 for a third party; `type` is 0 for a customer, 1 for an agent. */
function roleOf({ replier_type: replier, type }: Readonly<Record<string, unknown>>): Role {
  if (replier === 2) return 'third-party';
  return (replier ?? type) === 0 ? 'customer' : 'engineer';
}

export function fieldsOf({ message }: TicketMessage): MessageFields {
  const files: unknown[] = Array.isArray(message['accessory_list']) ? message['accessory_list'] : [];
  return {
    role: roleOf(message),
    name: text(message['replier_name']) || text(message['replier']),
    content: text(message['content']),
    isFirst: message['is_first_message'] === 1,
    attachments: files.map(
      (file) =>
        text((file as Record<string, unknown> | null)?.['file_actual_name']) ||
        text((file as Record<string, unknown> | null)?.['accessory_id']) ||
        '?',
    ),
    createTime: text(message['create_time']),
  };
}
