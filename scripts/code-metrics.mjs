import ts from 'typescript';

/** Functions that are lists of tests (`describe`, `describeBroker`). Their length does not matter. */
const LISTS = /^describe/;

/**
 * The size of one source file: `lines` in all, `filled` (not blank), `commented` (that hold nothing but a comment), and
 * `functions` as `{ name, line, lines }`. Lua files have no functions here.
 */
export function measure(path, text) {
  const lines = text.replace(/\n$/, '').split('\n');
  const size = { lines: lines.length, filled: lines.filter(isFilled).length };
  if (path.endsWith('.lua')) {
    return { ...size, commented: lines.filter((line) => line.trim().startsWith('--')).length, functions: [] };
  }
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const code = withoutComments(source, text).split('\n');
  const commented = lines.filter((line, index) => isFilled(line) && !isFilled(code[index])).length;
  return { ...size, commented, functions: functions(source) };
}

const isFilled = (line) => line.trim() !== '';

/** The text with spaces for its comments. */
function withoutComments(source, text) {
  const characters = text.split('');
  visit(source, ({ pos, end }) => {
    const before = ts.getLeadingCommentRanges(text, pos) ?? [];
    const behind = ts.getTrailingCommentRanges(text, end) ?? [];
    for (const range of [...before, ...behind]) {
      for (let at = range.pos; at < range.end; at++) if (characters[at] !== '\n') characters[at] = ' ';
    }
  });
  return characters.join('');
}

function functions(source) {
  const found = [];
  visit(source, (node) => {
    if (!ts.isFunctionLike(node) || !node.body) return;
    const [first, last] = [node.getStart(), node.end].map((at) => source.getLineAndCharacterOfPosition(at).line + 1);
    const name = nameOf(node);
    if (!LISTS.test(name)) found.push({ name, line: first, lines: last - first + 1 });
  });
  return found;
}

/** `Class.method`, the name of a variable or property, or `call()` for a function that is passed to a call. */
function nameOf(node) {
  if (ts.isConstructorDeclaration(node)) return `${classOf(node)}constructor`;
  if (node.name) return `${classOf(node)}${node.name.getText()}`;
  const { parent } = node;
  if (ts.isCallExpression(parent)) return `${parent.expression.getText().split('\n')[0]}()`;
  return parent.name?.getText() ?? 'unnamed';
}

const classOf = ({ parent }) => (ts.isClassLike(parent) && parent.name ? `${parent.name.text}.` : '');

/** Calls `act` for every token, also for those that `forEachChild` leaves out (braces, the end of the file). */
function visit(node, act) {
  act(node);
  node.getChildren().forEach((child) => visit(child, act));
}
