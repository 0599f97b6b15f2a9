/** Secrets of this tab. They are kept for as long as it lives, and never leave it but in the header of a request. */
export const SECRET_NAMES = ['token', 'admin'] as const;
export type SecretName = (typeof SECRET_NAMES)[number];

const key = (name: SecretName) => `pollcast.${name}`;

/**
 * Takes secrets out of the fragment of the address (`#token=…&admin=…`), and the fragment out of the address bar and the
 * browser's history. A fragment is never sent to a server.
 */
export function takeFragment(): void {
  const given = new URLSearchParams(location.hash.slice(1));
  const found = SECRET_NAMES.filter((name) => given.get(name));
  found.forEach((name) => keepSecret(name, given.get(name) ?? ''));
  if (found.length > 0) history.replaceState(null, '', location.pathname + location.search);
}

export const secret = (name: SecretName): string => sessionStorage.getItem(key(name)) ?? '';
export const keepSecret = (name: SecretName, value: string): void => sessionStorage.setItem(key(name), value);
export const forgetSecret = (name: SecretName): void => sessionStorage.removeItem(key(name));
