/**
 * The languages in which the upstream is polled: `LANGUAGES`, and `UPSTREAM_LANGUAGE` for everybody else. The list is
 * closed, because each language is a feed of its own, with its own polls: a client that invents languages must not make
 * the upstream work more.
 */
export class Languages {
  /** Each served language, and each of its beginnings: `en` finds `en-us`. The first one in the list counts. */
  private readonly found = new Map<string, string>();
  private readonly usual: string;

  /**
   * @param usual `UPSTREAM_LANGUAGE`
   * @param served `LANGUAGES`
   */
  constructor(usual: string, served: readonly string[] = []) {
    this.usual = usual.toLowerCase();
    const all = [this.usual, ...served.map((language) => language.toLowerCase())];
    all.forEach((language) => this.found.set(language, language));
    for (const language of all) {
      beginningsOf(language).forEach((range) => this.found.has(range) || this.found.set(range, language));
    }
  }

  /**
   * The served language that suits a client best, by RFC 4647, 3.4 (lookup): the end of a range is cut off until a
   * language is found. A range also finds a language that begins with it.
   *
   * @param named a text that `LANGUAGES_PATTERN` matches; undefined or null if the client named no language
   */
  match(named: string | null | undefined): string {
    for (const range of named === null || named === undefined ? [] : rangesOf(named)) {
      const language = [range, ...beginningsOf(range)].map((text) => this.found.get(text)).find(Boolean);
      if (language !== undefined) {
        return language;
      }
    }
    return this.usual;
  }
}

/** `zh-hans-cn`: `zh-hans`, `zh`. A single character is cut off together with what follows it (RFC 4647, 3.4). */
function beginningsOf(tag: string): string[] {
  const parts = tag.split('-');
  return parts
    .map((_, dropped) => parts.slice(0, parts.length - dropped))
    .slice(1)
    .filter((kept) => kept.at(-1)?.length !== 1)
    .map((kept) => kept.join('-'));
}

/** The ranges of a list, best first. A range with the weight 0 is one that the client refuses. */
function rangesOf(list: string): string[] {
  return list
    .toLowerCase()
    .split(',')
    .map((item) => item.split(';').map((part) => part.trim()))
    .map(([range = '', weight]) => ({ range, weight: weight === undefined ? 1 : Number(weight.split('=')[1]) }))
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight)
    .map(({ range }) => range);
}
