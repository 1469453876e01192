import { describeError } from '../../kernel/errors.ts';
import type { Problem } from '../../kernel/problem.ts';
import { didYouMean } from '../../kernel/suggest.ts';
import { SAMPLE_MARK } from './media-values.ts';
import type { PromptTypes } from './prompt-types.ts';
import { type PromptTemplate, parseTemplate } from './template.ts';
import { sampleValues } from './template-values.ts';

const TITLES = { template: 'template', system: 'system text' } as const;

/** Parses a template and holds it to the inputs. Tells every mistake at `path`; `undefined` if it cannot be parsed. */
export function readTemplate(
  key: keyof typeof TITLES,
  text: string,
  inputs: readonly string[],
  types: PromptTypes | undefined,
  tell: (problem: Problem) => void,
): PromptTemplate | undefined {
  const title = TITLES[key];
  let template: PromptTemplate;
  try {
    template = parseTemplate(text);
  } catch (error) {
    tell({ message: `The ${title} cannot be read: ${describeError(error)}.` });
    return undefined;
  }
  const undeclared = template.variables.filter((variable) => !inputs.includes(variable.name));
  for (const variable of undeclared) {
    const hint = didYouMean(variable.name, inputs);
    tell({
      message: `Line ${variable.line} of the ${title} reads "${variable.name}", which is no input of the prompt.${hint}`,
    });
  }
  if (types !== undefined && undeclared.length === 0) tryTemplate(title, template, types, tell);
  return template;
}

/** Finds fields that the types do not have, by filling the template once with everything and once with little. */
function tryTemplate(
  title: string,
  template: PromptTemplate,
  types: PromptTypes,
  tell: (problem: Problem) => void,
): void {
  for (const amount of ['full', 'bare'] as const) {
    const values = sampleValues(types.args, amount);
    if (values === undefined) return;
    try {
      const text = template.render(values);
      if (title === TITLES.system && text.includes(SAMPLE_MARK)) {
        tell({ message: `The ${title} has an image or a file in it: only the template may.` });
        return;
      }
      if (!text.includes('[object Object]')) continue;
      tell({
        message: `The ${title} writes out an object as a whole.`,
        suggestion: 'Write its fields, or `{{ value | json }}`.',
      });
      return;
    } catch (error) {
      // Other failures may be due to the values that were made up.
      if (!/undefined variable/.test(describeError(error))) continue;
      tell({ message: `The ${title} reads a field that the input does not have: ${describeError(error)}.` });
      return;
    }
  }
}
