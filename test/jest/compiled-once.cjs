const vm = require('node:vm');

/** Of each file, its text as jest has transformed it, and the script that was made of that. */
const compiled = new Map();
const { compileFunction } = vm;

/**
 * jest compiles each module again for each test file that loads it. In a worker that has loaded this file, a text is
 * compiled once and its script runs in the context of each test file. Modules stay separate: a script has no state.
 *
 * jest passes a callback for `import()`, which only throws: jest needs --experimental-vm-modules for it. The script
 * has none, because it would keep the context of the first test file.
 */
vm.compileFunction = (text, parameters, { filename, parsingContext, ...others }) => {
  if (filename === undefined || parsingContext === undefined) {
    return compileFunction(text, parameters, { filename, parsingContext, ...others });
  }
  const head = `(function (${parameters.join(', ')}) {`;
  let known = compiled.get(filename);
  if (known?.head !== head || known.text !== text) {
    const script = new vm.Script(`${head}${text}\n})`, { filename, columnOffset: -head.length });
    known = { head, text, script };
    compiled.set(filename, known);
  }
  return known.script.runInContext(parsingContext);
};
