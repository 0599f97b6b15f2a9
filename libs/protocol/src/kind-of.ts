/** What a client sent in place of something else, for an error text. It quotes nothing of it. */
export function kindOf(value: unknown): string {
  if (value === null || value === undefined) {
    return 'missing';
  }
  return Array.isArray(value) ? 'an array' : `of the type ${typeof value}`;
}
