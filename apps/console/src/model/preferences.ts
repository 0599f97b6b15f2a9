/** What a person has chosen here, kept by the browser. A browser that keeps nothing is served all the same. */
export function preference(name: string): string | null {
  try {
    return localStorage.getItem(`pollcast.${name}`);
  } catch {
    return null;
  }
}

export function prefer(name: string, value: string): void {
  try {
    localStorage.setItem(`pollcast.${name}`, value);
  } catch {
    // It holds until the page is closed.
  }
}
