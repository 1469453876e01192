/** What a marked code block of a guide asks its reader to do. */
export type GuideStep =
  | { readonly do: 'prepare'; readonly text: string }
  | { readonly do: 'write' | 'append'; readonly file: string; readonly text: string }
  | { readonly do: 'insert' | 'replace'; readonly file: string; readonly sections: string[]; readonly text: string }
  | { readonly do: 'run'; readonly text: string; readonly output: string }
  | { readonly do: 'start'; readonly name: string; readonly text: string; readonly output: string }
  | { readonly do: 'stop'; readonly name: string };

export interface GuideSection {
  readonly title: string;
  readonly steps: readonly GuideStep[];
}

const BLOCK = /^<!-- (.+) -->\n(?:```\w+\n([\s\S]*?)^```\n(?:\n```(?:text|json|graphql)\n([\s\S]*?)^```$)?|(?=[^`]))/gm;

/** The sections of a guide with their marked code blocks, in order. Throws for a marker that it does not know. */
export function readGuide(markdown: string): GuideSection[] {
  const [head = '', ...rest] = markdown.split(/^## /m);
  const sections = [{ title: 'the preparation', text: head }];
  for (const text of rest) sections.push({ title: text.slice(0, text.indexOf('\n')), text });
  return sections
    .map(({ title, text }) => ({
      title,
      steps: [...text.matchAll(BLOCK)].map(([, marker = '', code = '', output = '']) => stepOf(marker, code, output)),
    }))
    .filter(({ steps }) => steps.length > 0);
}

function stepOf(marker: string, text: string, output: string): GuideStep {
  if (marker === 'every terminal') return { do: 'prepare', text };
  if (marker === 'run') return { do: 'run', text, output };
  const [, stopped] = /^stop: (\S+)$/.exec(marker) ?? [];
  if (stopped !== undefined) return { do: 'stop', name: stopped };
  const [, name] = /^terminal: (\S+)$/.exec(marker) ?? [];
  if (name !== undefined) return { do: 'start', name, text, output };
  const [, written] = /^file: (\S+)$/.exec(marker) ?? [];
  if (written !== undefined) return { do: 'write', file: written, text };
  const [, appended] = /^at the end of (\S+)$/.exec(marker) ?? [];
  if (appended !== undefined) return { do: 'append', file: appended, text };
  const [, where, names = '', changed] = /^(below|instead of) (.+) in (\S+)$/.exec(marker) ?? [];
  if (changed === undefined) throw new Error(`The guide has the marker "${marker}", which says nothing to its test.`);
  const sections = [...names.matchAll(/`([\w-]+):`/g)].map((match) => match[1] as string);
  return { do: where === 'below' ? 'insert' : 'replace', file: changed, sections, text };
}

/** Puts lines right below the line `section:`. */
export function insertBelow(file: string, section: string, text: string): string {
  const found = new RegExp(`^ *${section}:\\n`, 'm').exec(file);
  if (found === null) throw new Error(`The file has no section "${section}".`);
  const at = found.index + found[0].length;
  return file.slice(0, at) + text + file.slice(at);
}

/** Takes the top-level sections out, and puts the text at the end. */
export function replaceSections(file: string, sections: readonly string[], text: string): string {
  const rest = sections.reduce((kept, section) => {
    const without = kept.replace(new RegExp(`^${section}:\\n(?:(?: .*)?\\n)*`, 'm'), '');
    if (without === kept) throw new Error(`The file has no section "${section}".`);
    return without;
  }, file);
  return `${rest}\n${text}`;
}
