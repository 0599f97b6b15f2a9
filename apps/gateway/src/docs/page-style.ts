/** `/docs/style.css`. */
export const PAGE_STYLE = `:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 1rem; }
nav a { margin-right: 1rem; }
article { border-top: 1px solid #8888; padding: 0.5rem 0; }
code { font: 0.875rem/1.4 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: #8881; overflow: auto; padding: 0.75rem; }
table { border-collapse: collapse; display: block; margin: 0.5rem 0; overflow-x: auto; }
th, td { border: 1px solid #8884; padding: 0.25rem 0.5rem; text-align: left; vertical-align: top; }
summary { cursor: pointer; }
`;
