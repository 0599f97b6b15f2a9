/** Encodes everything except letters, digits and `-._~` (RFC 3986), as request signatures require. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
