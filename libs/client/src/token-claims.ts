/** When a JWT ends, ms since 1970; null if the token does not say so. */
export function endOf(token: string): number | null {
  const end = claimsOf(token)?.['exp'];
  return typeof end === 'number' ? end * 1000 : null;
}

/** What a JWT says, unchecked; null if the token is none. */
export function claimsOf(token: string): Readonly<Record<string, unknown>> | null {
  try {
    const claims: unknown = JSON.parse(atob((token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/')));
    return typeof claims === 'object' ? (claims as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
