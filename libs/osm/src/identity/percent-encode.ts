/** RFC 3986: encodes everything but letters, digits and `-._~`, which is also what request signatures want. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}
