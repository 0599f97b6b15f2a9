const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** A text as HTML. */
export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? character);
}

/** A sentence of a description: what is in backticks is code. */
export function sentence(text: string): string {
  return escaped(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

/** Paragraphs of a description. */
export function paragraphs(text = ''): string {
  return text
    .split('\n\n')
    .filter((each) => each !== '')
    .map((each) => `<p>${sentence(each)}</p>`)
    .join('\n');
}

/** A JSON value, or a text as it is. */
export function example(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value, null, 2);
  return `<pre tabindex="0"><code>${escaped(text)}</code></pre>`;
}

/** What is shown when a reader opens it. */
export function details(summary: string, content: string): string {
  return `<details><summary>${sentence(summary)}</summary>${content}</details>`;
}

/** A table; the cells are HTML. */
export function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = heads.map((each) => `<th scope="col">${escaped(each)}</th>`).join('');
  const body = rows.map((cells) => `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`).join('\n');
  return `<table><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

/** A whole page. It has no script, and its only style sheet is the gateway's own, so that it works under a strict CSP. */
export function htmlPage(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title>
<link rel="stylesheet" href="/docs/style.css">
</head>
<body>
<header><h1>${escaped(title)}</h1>
<nav aria-label="Documents"><a href="/docs">HTTP</a> <a href="/docs/asyncapi">Events</a> <a href="/openapi.json">openapi.json</a> <a href="/asyncapi.json">asyncapi.json</a> <a href="/llms.txt">llms.txt</a></nav>
</header>
<main>
${content}
</main>
</body>
</html>
`;
}
