const TOKEN = /\/\*[\s\S]*?(?:\*\/|$)|\/\/[^\n]*|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|[A-Za-z_]\w*|[;{}]|\n/g;

/**
 * The imports of a .proto file, so that it need not be parsed before all of its files are read. Passes over comments
 * and strings; a text that is no .proto file gives anything, and is refused by the parser.
 */
export function scanImports(text: string): { readonly name: string; readonly line: number }[] {
  const imports: { name: string; line: number }[] = [];
  let line = 1;
  let isImport = false;
  for (const [token] of text.matchAll(TOKEN)) {
    const first = token[0];
    if (first === '"' || first === "'") {
      if (isImport) imports.push({ name: token.slice(1, -1), line });
      isImport = false;
    } else if (token === 'import') isImport = true;
    else if (token === '\n') line += 1;
    else if (first === '/') line += token.split('\n').length - 1;
    else if (token !== 'public' && token !== 'weak' && token !== 'option') isImport = false;
  }
  return imports;
}
